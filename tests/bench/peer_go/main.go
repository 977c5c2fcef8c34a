// The peer that a user would write: franz-go, net/http and pgx, one process. It reads Jobs from a
// topic, calls an OpenAI-compatible model, stores answer and confidence in batches, and commits the
// offsets below which all is stored. It does less than a Taskfit worker: it asks nothing before a
// call, publishes nothing and decides nothing.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protowire"
)

type options struct {
	brokers, topic, group, database, url string
	inFlight, batch                      int
	linger                               time.Duration
}

type job struct {
	id    [16]byte
	input []byte
}

type row struct {
	record     *kgo.Record
	id         [16]byte
	answer     string
	confidence float64
	latency    time.Duration
	failed     string
}

// The two fields of proto/taskfit.proto that are needed here: Job.id and Job.input.json.
func parseJob(value []byte) (j job, err error) {
	err = fields(value, func(number protowire.Number, bytes []byte) error {
		switch number {
		case 1:
			copy(j.id[:], bytes)
		case 3:
			return fields(bytes, func(number protowire.Number, bytes []byte) error {
				if number == 1 {
					j.input = bytes
				}
				return nil
			})
		}
		return nil
	})
	if err == nil && j.input == nil {
		err = errors.New("a job without an input")
	}
	return j, err
}

func fields(value []byte, each func(protowire.Number, []byte) error) error {
	for len(value) > 0 {
		number, kind, n := protowire.ConsumeTag(value)
		if n < 0 {
			return protowire.ParseError(n)
		}
		value = value[n:]
		size := protowire.ConsumeFieldValue(number, kind, value)
		if size < 0 {
			return protowire.ParseError(size)
		}
		if kind == protowire.BytesType {
			bytes, _ := protowire.ConsumeBytes(value)
			if err := each(number, bytes); err != nil {
				return err
			}
		}
		value = value[size:]
	}
	return nil
}

type completion struct {
	Choices []struct {
		Message  struct{ Content string }
		Logprobs struct {
			Content []struct {
				Logprob float64
			}
		}
	}
}

func call(ctx context.Context, client *http.Client, url string, input []byte) (string, float64, error) {
	for try := 0; ; try++ {
		answer, confidence, err := callOnce(ctx, client, url, input)
		if err == nil || try == 4 {
			return answer, confidence, err
		}
		time.Sleep(time.Duration(100<<try) * time.Millisecond)
	}
}

func callOnce(ctx context.Context, client *http.Client, url string, input []byte) (string, float64, error) {
	request, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(input))
	if err != nil {
		return "", 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", 0, err
	}
	if response.StatusCode != 200 {
		return "", 0, fmt.Errorf("status %d", response.StatusCode)
	}
	var c completion
	if err := json.Unmarshal(body, &c); err != nil {
		return "", 0, err
	}
	if len(c.Choices) == 0 {
		return "", 0, errors.New("no choices")
	}
	sum := 0.0
	for _, token := range c.Choices[0].Logprobs.Content {
		sum += token.Logprob
	}
	return c.Choices[0].Message.Content, math.Exp(sum), nil
}

const insert = `insert into peer_attempts (job_id, answer, confidence, latency_ms, error)
select * from unnest($1::uuid[], $2::text[], $3::float8[], $4::int4[], $5::text[])
on conflict do nothing`

func store(ctx context.Context, pool *pgxpool.Pool, rows []row) error {
	ids := make([][16]byte, len(rows))
	answers := make([]string, len(rows))
	confidences := make([]float64, len(rows))
	latencies := make([]int32, len(rows))
	failures := make([]string, len(rows))
	for i, r := range rows {
		ids[i], answers[i], confidences[i] = r.id, r.answer, r.confidence
		latencies[i], failures[i] = int32(r.latency.Milliseconds()), r.failed
	}
	_, err := pool.Exec(ctx, insert, ids, answers, confidences, latencies, failures)
	return err
}

// Offsets finish out of order; what may be committed is the lowest that is not finished.
type ledger struct {
	pending map[int64]bool // false: taken, true: finished
	lowest  int64
	records map[int64]*kgo.Record
}

func (l *ledger) take(r *kgo.Record) {
	if l.pending == nil {
		*l = ledger{pending: map[int64]bool{}, records: map[int64]*kgo.Record{}, lowest: r.Offset}
	}
	l.pending[r.Offset] = false
	l.records[r.Offset] = r
}

func (l *ledger) finish(offset int64) *kgo.Record {
	l.pending[offset] = true
	var last *kgo.Record
	for {
		finished, taken := l.pending[l.lowest]
		if !taken || !finished {
			return last
		}
		last = l.records[l.lowest]
		delete(l.pending, l.lowest)
		delete(l.records, l.lowest)
		l.lowest++
	}
}

type peer struct {
	options
	client  *kgo.Client
	http    *http.Client
	pool    *pgxpool.Pool
	mutex   sync.Mutex
	ledgers map[int32]*ledger
	rows    chan row
	slots   chan struct{}
}

func (p *peer) work(ctx context.Context, record *kgo.Record) {
	defer func() { <-p.slots }()
	j, err := parseJob(record.Value)
	r := row{record: record, id: j.id}
	start := time.Now()
	if err == nil {
		r.answer, r.confidence, err = call(ctx, p.http, p.url, j.input)
	}
	r.latency = time.Since(start)
	if err != nil {
		r.failed = err.Error()
	}
	p.rows <- r
}

func (p *peer) flush(ctx context.Context, rows []row) {
	for store(ctx, p.pool, rows) != nil && ctx.Err() == nil {
		time.Sleep(200 * time.Millisecond)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, r := range rows {
		if last := p.ledgers[r.record.Partition].finish(r.record.Offset); last != nil {
			p.client.MarkCommitRecords(last)
		}
	}
}

func (p *peer) keep(ctx context.Context) {
	var rows []row
	timer := time.NewTimer(p.linger)
	for {
		select {
		case r := <-p.rows:
			if rows = append(rows, r); len(rows) < p.batch {
				continue
			}
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if len(rows) > 0 {
			p.flush(ctx, rows)
			rows = rows[:0]
		}
		timer.Reset(p.linger)
	}
}

func (p *peer) run(ctx context.Context) {
	go p.keep(ctx)
	for ctx.Err() == nil {
		fetches := p.client.PollRecords(ctx, p.inFlight)
		fetches.EachError(func(topic string, partition int32, err error) {
			if ctx.Err() == nil {
				log.Printf("%s [%d]: %v", topic, partition, err)
			}
		})
		fetches.EachRecord(func(record *kgo.Record) {
			p.mutex.Lock()
			if p.ledgers[record.Partition] == nil {
				p.ledgers[record.Partition] = &ledger{}
			}
			p.ledgers[record.Partition].take(record)
			p.mutex.Unlock()
			p.slots <- struct{}{}
			go p.work(ctx, record)
		})
	}
}

func main() {
	var o options
	flag.StringVar(&o.brokers, "brokers", "127.0.0.1:9092", "")
	flag.StringVar(&o.topic, "topic", "", "")
	flag.StringVar(&o.group, "group", "peer", "")
	flag.StringVar(&o.database, "database", "", "")
	flag.StringVar(&o.url, "url", "", "")
	flag.IntVar(&o.inFlight, "in-flight", 2000, "")
	flag.IntVar(&o.batch, "batch", 1000, "")
	flag.DurationVar(&o.linger, "linger", 10*time.Millisecond, "")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	pool, err := pgxpool.New(ctx, o.database)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(o.brokers), kgo.ConsumerGroup(o.group),
		kgo.ConsumeTopics(o.topic), kgo.AutoCommitMarks(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		log.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConns: o.inFlight, MaxIdleConnsPerHost: o.inFlight,
		IdleConnTimeout: time.Minute, DisableCompression: true}
	p := &peer{options: o, client: client, pool: pool, ledgers: map[int32]*ledger{},
		http: &http.Client{Transport: transport, Timeout: 30 * time.Second},
		rows: make(chan row, 4*o.inFlight), slots: make(chan struct{}, o.inFlight)}
	p.run(ctx)
	client.Close()
}
