package server

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/gwaycc/supd/supervisor/logs"
)

// maxScrapes is how many requests for /metrics are answered at once; more are refused with status 503.
const maxScrapes = 4

// exporter answers /metrics. What the server counts itself is kept in it.
type exporter struct {
	server   *Server
	requests *prometheus.CounterVec
	calls    *prometheus.HistogramVec
	registry *prometheus.Registry // of what is not made from a scrape
	handler  func() http.Handler
}

func newExporter(s *Server) *exporter {
	e := &exporter{server: s,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: requestsMetric.name, Help: requestsMetric.help}, requestsMetric.labels),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: callsMetric.name, Help: callsMetric.help, Buckets: callBuckets},
			callsMetric.labels),
	}
	e.handler = sync.OnceValue(e.newHandler) // who is never scraped does without
	return e
}

func (e *exporter) newHandler() http.Handler {
	e.registry = prometheus.NewRegistry()
	e.registry.MustRegister(e.requests, e.calls,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(e, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: maxScrapes,
		ErrorHandling:       promhttp.HTTPErrorOnError,
		ErrorLog:            scrapeLog{e.server},
	})
}

// Gather implements prometheus.Gatherer. The table is turned into families here and not by a prometheus.Collector: for
// many programs the registry takes several times as long, for checks that the table passes by itself, and it calls
// collectors on goroutines of its own, where a bug would end the daemon.
func (e *exporter) Gather() ([]*dto.MetricFamily, error) {
	s := &scrape{e.server.config.Tree.Metrics(), e.server, e.server.sampler.fresh(sampleAge), time.Now()}
	families, err := e.registry.Gather()
	if err != nil {
		return nil, err
	}
	for i := range metrics {
		if f := metrics[i].family(s); f != nil {
			families = append(families, f)
		}
	}
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, nil
}

// A series is one value of a metric in the form in which it is encoded, in one piece.
type series struct {
	metric  dto.Metric
	gauge   dto.Gauge
	counter dto.Counter
	value   float64
	pairs   [maxLabels]dto.LabelPair
	texts   [maxLabels]string
	labels  [maxLabels]*dto.LabelPair
}

const maxLabels = 3

// family is the metric as it stands in a scrape; nil when it has no values, or is not made from scrapes.
func (m *metric) family(s *scrape) *dto.MetricFamily {
	if m.each == nil {
		return nil
	}
	f := &dto.MetricFamily{Name: &m.name, Help: &m.help, Type: dto.MetricType_GAUGE.Enum()}
	if m.kind == counter {
		f.Type = dto.MetricType_COUNTER.Enum()
	}
	m.each(s, func(value float64, labels ...string) {
		x := &series{value: value}
		for i, text := range labels {
			x.texts[i] = strings.ToValidUTF8(text, "\uFFFD")
			x.pairs[i].Name, x.pairs[i].Value = &m.labels[i], &x.texts[i]
			x.labels[i] = &x.pairs[i]
		}
		x.metric.Label = x.labels[:len(labels)]
		if m.kind == counter {
			x.counter.Value = &x.value
			x.metric.Counter = &x.counter
		} else {
			x.gauge.Value = &x.value
			x.metric.Gauge = &x.gauge
		}
		f.Metric = append(f.Metric, &x.metric)
	})
	if f.Metric == nil {
		return nil
	}
	return f
}

// scrapeLog logs why a scrape has failed.
type scrapeLog struct{ server *Server }

func (l scrapeLog) Println(v ...any) {
	l.server.logger.Error("metrics cannot be told: " + logs.Clean(fmt.Sprint(v...)))
}

func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) error {
	if err := onlyRead(w, r); err != nil {
		return err
	}
	s.answerWithin(w)
	s.exporter.handler().ServeHTTP(w, r)
	return nil
}

// onlyRead refuses requests that are neither GET nor HEAD.
func onlyRead(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	w.Header().Set("Allow", "GET, HEAD")
	return &httpError{status: http.StatusMethodNotAllowed}
}

// called counts an XML-RPC call. method is one of the table, "" one that is not there.
func (e *exporter) called(method string, took time.Duration) {
	if method == "" {
		method = "unknown"
	}
	e.calls.WithLabelValues(method).Observe(took.Seconds())
}

// answered counts an HTTP request.
func (e *exporter) answered(status int) {
	e.requests.WithLabelValues(strconv.Itoa(status)).Inc()
}
