package main

import (
	"flag"
	"fmt"
	"strings"
	"time"
)

type config struct {
	store       string
	endpoints   []string
	workload    string
	clients     int
	connections int
	keys        int
	valueBytes  int
	warmUp      time.Duration
	duration    time.Duration
	// When above 0: so many operations in all, and neither warm-up nor duration.
	operations int
	// Writes that one client has on their way at once; for filling, never for measuring.
	pipeline int
	pids     []string
	seed     int64
}

func parseConfig(args []string) config {
	var c config
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	flags.StringVar(&c.store, "store", "resp", "resp or etcd")
	endpoints := flags.String("endpoints", "", "host:port,... spread over the clients in turn")
	flags.StringVar(&c.workload, "workload", "write", "write, read, mixed (half and half) or fill "+
		"(writes, each key in turn)")
	flags.IntVar(&c.clients, "clients", 1, "clients; each waits for its answer")
	flags.IntVar(&c.connections, "connections", 0, "etcd: connections that the clients share; "+
		"0 is one for each client")
	flags.IntVar(&c.keys, "keys", 10000, "keys")
	flags.IntVar(&c.valueBytes, "value-bytes", 256, "length of a value")
	flags.DurationVar(&c.warmUp, "warm-up", time.Second, "load that is not counted")
	flags.DurationVar(&c.duration, "duration", 4*time.Second, "load that is counted")
	flags.IntVar(&c.operations, "operations", 0, "stop after so many; all are counted")
	flags.IntVar(&c.pipeline, "pipeline", 1, "resp, workload fill: writes on their way at once")
	pids := flags.String("pids", "", "processes whose processor time is told, comma-separated")
	flags.Int64Var(&c.seed, "seed", 1, "seed of the keys' order")
	_ = flags.Parse(args) // ExitOnError
	c.endpoints = split(*endpoints)
	c.pids = split(*pids)
	if len(c.endpoints) == 0 {
		fail("-endpoints is missing")
	}
	for name, value := range map[string]int{
		"clients": c.clients, "keys": c.keys, "value-bytes": c.valueBytes, "pipeline": c.pipeline,
	} {
		if value < 1 {
			fail(fmt.Sprintf("-%s must be at least 1", name))
		}
	}
	return c
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
