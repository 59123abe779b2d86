package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	huntPause = 2 * time.Millisecond
	patience  = 5 * time.Second
	// After so long without an answered write it is told that none came.
	failoverMax = 30 * time.Second
)

// comeback is the line that is printed for each kill.
type comeback struct {
	// From just before the kill to the first answer to a write that was sent after it, to another
	// server than the killed one; null when none came.
	MsUntilOk *float64 `json:"msUntilOk"`
	Endpoint  string   `json:"endpoint"`
	// Writes that were answered since the kill before this one: the load was flowing.
	WritesBefore int64 `json:"writesBefore"`
}

// watch is what the writers share.
type watch struct {
	sync.Mutex
	writes int64
	// Since the last kill; nil when nobody waits.
	killedAt time.Time
	killed   string
	found    chan comeback
}

// failover writes without end. For each line `kill PID ENDPOINT` of standard input it kills that
// process, which serves that endpoint, and prints a comeback. The end of standard input ends it.
func failover(c config) {
	w := &watch{}
	l := newLoad(c)
	for i := 0; i < c.clients; i++ {
		go w.hunt(l, i)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var pid int
		var endpoint string
		if _, err := fmt.Sscanf(lines.Text(), "kill %d %s", &pid, &endpoint); err != nil || pid <= 1 {
			fail("not a request: " + lines.Text())
		}
		printLine(w.kill(pid, endpoint))
	}
}

func (w *watch) kill(pid int, endpoint string) comeback {
	found := make(chan comeback, 1)
	w.Lock()
	writesBefore := w.writes
	w.writes = 0
	w.killedAt, w.killed, w.found = time.Now(), endpoint, found
	err := syscall.Kill(pid, syscall.SIGKILL)
	w.Unlock()
	if err != nil {
		fail(fmt.Sprintf("cannot kill %d: %v", pid, err))
	}
	select {
	case told := <-found:
		told.WritesBefore = writesBefore
		return told
	case <-time.After(failoverMax):
		w.Lock()
		defer w.Unlock()
		w.found = nil
		return comeback{WritesBefore: writesBefore}
	}
}

// answered notes that a write which was sent to an endpoint at a time has been carried out.
func (w *watch) answered(endpoint string, sent time.Time) {
	w.Lock()
	defer w.Unlock()
	w.writes++
	if w.found == nil || endpoint == w.killed || sent.Before(w.killedAt) {
		return
	}
	ms := float64(time.Since(w.killedAt).Nanoseconds()) / 1e6
	w.found <- comeback{MsUntilOk: &ms, Endpoint: endpoint}
	w.found = nil
}

// hunt is one writer, which looks for the leader whenever it has lost it.
func (w *watch) hunt(l *load, client int) {
	next := client % len(l.endpoints)
	for key := client; ; {
		endpoint := l.endpoints[next%len(l.endpoints)]
		s, err := dialResp(endpoint, patience)
		for err == nil {
			sent := time.Now()
			key = (key + l.clients) % len(l.keyNames)
			if err = s.write(l.keyNames[key], l.value); err == nil {
				w.answered(endpoint, sent)
			}
		}
		if s != nil {
			s.close()
		}
		next = l.whereNext(err, next)
		time.Sleep(huntPause)
	}
}

// whereNext follows a redirect, and else goes on to the next endpoint.
func (l *load) whereNext(err error, now int) int {
	for i, endpoint := range l.endpoints {
		if strings.HasSuffix(err.Error(), " "+endpoint) && i != now {
			return i
		}
	}
	return (now + 1) % len(l.endpoints)
}
