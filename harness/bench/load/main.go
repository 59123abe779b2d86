// Command load asks a store for writes and reads, one at a time for each client, and tells how
// long they took and what they cost.
//
// It is the one load generator for rafture and for etcd, so that a ratio of the two is not a ratio
// of two generators. It starts no server and judges nothing: it prints one line of JSON, and
// ../server-load.ts builds it, runs it and reads that line.
//
// `load features` tells which stores it was built for; `load run` measures; `load failover` keeps
// writing, kills the process that it is told to kill, and tells when writes were answered again.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// A store is one client's connection. A method returns when the answer has come.
type store interface {
	write(key, value string) error
	// read returns the length of the value, -1 where there is none.
	read(key string) (int, error)
	close()
}

// openers holds, for each store that this program was built for, what opens a client's connection.
// The returned function is called once for each client.
var openers = map[string]func(config) (func(client int) (store, error), error){}

func main() {
	if len(os.Args) < 2 {
		fail("load features | run | failover, and -help after one of them")
	}
	switch os.Args[1] {
	case "features":
		names := []string{}
		for name := range openers {
			names = append(names, name)
		}
		printLine(map[string]any{"stores": names})
	case "run":
		printLine(run(parseConfig(os.Args[2:])))
	case "failover":
		failover(parseConfig(os.Args[2:]))
	default:
		fail("no such command: " + os.Args[1])
	}
}

func printLine(what any) {
	line, err := json.Marshal(what)
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(line))
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "load: "+strings.TrimSpace(why))
	os.Exit(1)
}
