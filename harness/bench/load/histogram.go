package main

import "math/bits"

// A histogram counts nanoseconds in buckets of which each is at most 1/64 wider than its beginning,
// so that hours of load need no more memory than seconds. The longest is kept as it is.
type histogram struct {
	counts  [64 * 64]int64
	count   int64
	longest int64
}

const subBits = 6

func bucketOf(nanoseconds int64) int {
	shift := bits.Len64(uint64(nanoseconds)) - subBits - 1
	if shift <= 0 {
		return int(nanoseconds)
	}
	return (shift << subBits) + int(nanoseconds>>shift)
}

// valueOf returns the middle of a bucket.
func valueOf(bucket int) float64 {
	shift := bucket>>subBits - 1
	if shift <= 0 {
		return float64(bucket)
	}
	low := int64(bucket-shift<<subBits) << shift
	return float64(low) + float64(int64(1)<<shift)/2
}

func (h *histogram) add(nanoseconds int64) {
	h.counts[bucketOf(nanoseconds)]++
	h.count++
	if nanoseconds > h.longest {
		h.longest = nanoseconds
	}
}

func (h *histogram) merge(other *histogram) {
	for bucket, count := range other.counts {
		h.counts[bucket] += count
	}
	h.count += other.count
	if other.longest > h.longest {
		h.longest = other.longest
	}
}

// quantileMs returns milliseconds; 0 when nothing was counted.
func (h *histogram) quantileMs(q float64) float64 {
	rank := int64(q * float64(h.count))
	for bucket, count := range h.counts {
		if rank -= count; rank < 0 {
			return valueOf(bucket) / 1e6
		}
	}
	return float64(h.longest) / 1e6
}
