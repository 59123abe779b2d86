package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Linux counts a process's time for others to read in hundredths of a second.
const tickMs = 10

// processorTime is what was used up to a moment, in milliseconds.
type processorTime struct {
	own     float64
	servers []float64
	// All processors together, by whomever: what is not ours is noise.
	machine float64
}

func readProcessorTime(pids []string) processorTime {
	now := processorTime{own: ownMs(), machine: machineMs()}
	for _, pid := range pids {
		now.servers = append(now.servers, processMs(pid))
	}
	return now
}

func ownMs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

// processMs reads utime and stime. The name in parentheses may hold blanks.
func processMs(pid string) float64 {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	return ticks(fields, 11, 12) * tickMs
}

// machineMs adds up user, nice, system, irq, softirq and steal of the line for all processors.
func machineMs() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return ticks(strings.Fields(string(text)), 1, 2, 3, 6, 7, 8) * tickMs
}

func ticks(fields []string, positions ...int) float64 {
	sum := 0.0
	for _, position := range positions {
		if position >= len(fields) {
			return 0
		}
		count, err := strconv.ParseFloat(fields[position], 64)
		if err != nil {
			return 0
		}
		sum += count
	}
	return sum
}
