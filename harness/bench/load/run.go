package main

import (
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// result is the line that `load run` prints. Times of processors are those of the counted part.
type result struct {
	Operations int64   `json:"operations"`
	Errors     int64   `json:"errors"`
	FirstError string  `json:"firstError"`
	Seconds    float64 `json:"seconds"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
	MaxMs      float64 `json:"maxMs"`
	// Of this generator, of each process of -pids, and of the whole machine.
	LoadCpuMs    float64   `json:"loadCpuMs"`
	ServerCpuMs  []float64 `json:"serverCpuMs"`
	MachineCpuMs float64   `json:"machineCpuMs"`
}

// load is one measurement on its way.
type load struct {
	config
	keyNames []string
	value    string
	// What is answered in [start, end) counts. Both are set before the clients begin.
	start, end time.Time
	nextFill   atomic.Int64
}

// client is what one client has seen.
type client struct {
	latencies  histogram
	errors     int64
	firstError string
}

func run(c config) result {
	open, known := openers[c.store]
	if !known {
		fail("this program was built without the store " + c.store)
	}
	openClient, err := open(c)
	if err != nil {
		fail(err.Error())
	}
	stores := make([]store, c.clients)
	for i := range stores {
		if stores[i], err = openClient(i); err != nil {
			fail(err.Error())
		}
		defer stores[i].close()
	}
	l := newLoad(c)
	return l.measure(stores)
}

func newLoad(c config) *load {
	l := &load{config: c, keyNames: make([]string, c.keys)}
	for i := range l.keyNames {
		l.keyNames[i] = fmt.Sprintf("key-%08d", i)
	}
	l.value = randomText(rand.New(rand.NewSource(c.seed)), c.valueBytes)
	return l
}

func randomText(random *rand.Rand, length int) string {
	var text strings.Builder
	for text.Len() < length {
		text.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789"[random.Intn(36)])
	}
	return text.String()
}

func (l *load) measure(stores []store) result {
	clients := make([]client, len(stores))
	l.start = time.Now().Add(l.warmUp)
	l.end = l.start.Add(l.duration)
	if l.operations > 0 {
		l.start = time.Now()
		l.end = l.start.Add(24 * time.Hour)
	}
	var running sync.WaitGroup
	for i := range clients {
		running.Add(1)
		go func(i int) {
			defer running.Done()
			random := rand.New(rand.NewSource(l.seed*1000 + int64(i)))
			clients[i].work(l, stores[i], random)
		}(i)
	}
	time.Sleep(time.Until(l.start))
	before := readProcessorTime(l.pids)
	if l.operations > 0 {
		running.Wait()
		l.end = time.Now()
	} else {
		time.Sleep(time.Until(l.end))
	}
	after := readProcessorTime(l.pids)
	running.Wait()
	return l.summarize(clients, before, after)
}

func (l *load) summarize(clients []client, before, after processorTime) result {
	var all histogram
	sum := result{Seconds: l.end.Sub(l.start).Seconds(), ServerCpuMs: []float64{}}
	for i := range clients {
		all.merge(&clients[i].latencies)
		sum.Errors += clients[i].errors
		if sum.FirstError == "" {
			sum.FirstError = clients[i].firstError
		}
	}
	sum.Operations = all.count
	if l.workload == "fill" {
		sum.Operations *= int64(l.pipeline)
	}
	sum.P50Ms, sum.P99Ms = all.quantileMs(0.5), all.quantileMs(0.99)
	sum.MaxMs = float64(all.longest) / 1e6
	sum.LoadCpuMs = after.own - before.own
	sum.MachineCpuMs = after.machine - before.machine
	for i := range after.servers {
		sum.ServerCpuMs = append(sum.ServerCpuMs, after.servers[i]-before.servers[i])
	}
	return sum
}

// work goes on until the end, or until the connection is lost.
func (c *client) work(l *load, s store, random *rand.Rand) {
	operation := l.operation(s, random)
	for sent := time.Now(); sent.Before(l.end); {
		more, err := operation()
		if !more {
			return
		}
		answered := time.Now()
		if err != nil {
			c.errors++
			if c.firstError == "" {
				c.firstError = err.Error()
			}
			if _, refused := err.(replyError); !refused && l.store == "resp" {
				return
			}
			time.Sleep(time.Millisecond)
			answered = time.Now()
		} else if !answered.Before(l.start) && answered.Before(l.end) {
			c.latencies.add(answered.Sub(sent).Nanoseconds())
		}
		sent = answered
	}
}

// operation returns what one client does again and again; false when there is nothing more to do.
func (l *load) operation(s store, random *rand.Rand) func() (bool, error) {
	anyKey := func() string { return l.keyNames[random.Intn(len(l.keyNames))] }
	write := func() (bool, error) { return true, s.write(anyKey(), l.value) }
	read := func() (bool, error) { return true, l.readWhole(s, anyKey()) }
	switch l.workload {
	case "write":
		return write
	case "read":
		return read
	case "mixed":
		return func() (bool, error) {
			if random.Intn(2) == 0 {
				return write()
			}
			return read()
		}
	case "fill":
		return l.fill(s)
	default:
		fail("no such workload: " + l.workload)
		return nil
	}
}

// readWhole holds an answer that is not the value for a refusal: it would be a cheaper one.
func (l *load) readWhole(s store, key string) error {
	length, err := s.read(key)
	if err == nil && length != l.valueBytes {
		return replyError{
			fmt.Sprintf("%s has %d bytes, not the %d that were written", key, length, l.valueBytes),
		}
	}
	return err
}

func (l *load) fill(s store) func() (bool, error) {
	batch := make([]string, l.pipeline)
	return func() (bool, error) {
		first := l.nextFill.Add(int64(l.pipeline)) - int64(l.pipeline)
		if l.operations > 0 && first >= int64(l.operations) {
			return false, nil
		}
		for i := range batch {
			batch[i] = l.keyNames[(first+int64(i))%int64(len(l.keyNames))]
		}
		if pipe, able := s.(*respStore); able {
			return true, pipe.writeMany(batch, l.value)
		}
		for _, key := range batch {
			if err := s.write(key, l.value); err != nil {
				return true, err
			}
		}
		return true, nil
	}
}
