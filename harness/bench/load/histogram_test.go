package main

import (
	"math"
	"testing"
)

func TestABucketIsAtMostOnePartIn64FromItsValue(t *testing.T) {
	for _, value := range []int64{0, 1, 63, 64, 127, 128, 129, 1000, 123456, 1e9, 3600e9} {
		told := valueOf(bucketOf(value))
		if math.Abs(told-float64(value)) > float64(value)/64 {
			t.Errorf("%d is told as %f", value, told)
		}
	}
}

func TestBucketsAscendWithTheirValues(t *testing.T) {
	last := -1
	for value := int64(0); value < 100000; value++ {
		bucket := bucketOf(value)
		if bucket < last || bucket > last+1 {
			t.Fatalf("%d is in bucket %d, the one before in %d", value, bucket, last)
		}
		last = bucket
	}
}

func TestQuantilesOfWhatWasMerged(t *testing.T) {
	var low, high histogram
	for i := int64(1); i <= 50; i++ {
		low.add(i * 1e6)
		high.add((i + 50) * 1e6)
	}
	low.merge(&high)
	for _, each := range []struct{ q, ms float64 }{{0.5, 51}, {0.99, 100}, {0, 1}} {
		if told := low.quantileMs(each.q); math.Abs(told-each.ms) > each.ms/64 {
			t.Errorf("quantile %f is told as %f ms, not %f", each.q, told, each.ms)
		}
	}
	if low.longest != 100e6 {
		t.Errorf("the longest is told as %d", low.longest)
	}
}
