//go:build etcd

package main

import (
	"context"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// etcdStore is a client of etcd through its own Go client: a Put, and a Get that is linearizable
// because nothing else was asked for. Clients may share a connection: gRPC multiplexes.
type etcdStore struct{ client *clientv3.Client }

func init() {
	openers["etcd"] = func(c config) (func(int) (store, error), error) {
		count := c.connections
		if count < 1 || count > c.clients {
			count = c.clients
		}
		pool := make([]*clientv3.Client, count)
		for i := range pool {
			client, err := clientv3.New(clientv3.Config{
				Endpoints:   []string{c.endpoints[i%len(c.endpoints)]},
				DialTimeout: 5 * time.Second,
			})
			if err != nil {
				return nil, err
			}
			pool[i] = client
		}
		return func(client int) (store, error) { return etcdStore{pool[client%count]}, nil }, nil
	}
}

func (s etcdStore) write(key, value string) error {
	_, err := s.client.Put(context.Background(), key, value)
	return err
}

func (s etcdStore) read(key string) (int, error) {
	response, err := s.client.Get(context.Background(), key)
	if err != nil {
		return 0, err
	}
	if len(response.Kvs) == 0 {
		return -1, nil
	}
	return len(response.Kvs[0].Value), nil
}

// close leaves the connection alone: others may use it, and the process ends soon.
func (s etcdStore) close() {}
