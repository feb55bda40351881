package xmlrpc

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"
)

// grower makes values out of fuzz data.
type grower struct{ data []byte }

func (g *grower) take(n int) []byte {
	n = min(n, len(g.data))
	b := g.data[:n]
	g.data = g.data[n:]
	return b
}

func (g *grower) byte() int {
	if b := g.take(1); len(b) == 1 {
		return int(b[0])
	}
	return 0
}

func (g *grower) number() (n int64) {
	for _, b := range g.take(8) {
		n = n<<8 | int64(b)
	}
	return n
}

func (g *grower) text() string { return string(g.take(g.byte() % 32)) }

func (g *grower) value(depth int) Value {
	kind := Kind(g.byte() % 9)
	if depth == 0 && kind >= Array {
		kind = String
	}
	v := Value{Kind: kind}
	switch kind {
	case Bool:
		v.Int = int64(g.byte() % 2)
	case Int:
		v.Int = g.number()
	case Double:
		v.Double = math.Float64frombits(uint64(g.number()))
	case String, Base64:
		v.Text = g.text()
	case DateTime:
		const first, last = -62167219200, 253402300799 // of the years 0 to 9999, which the format has
		v.Time = time.Unix(first+int64(uint64(g.number())%(last-first+1)), 0).UTC()
	case Array:
		for range g.byte() % 5 {
			v.Items = append(v.Items, g.value(depth-1))
		}
	case Struct:
		for range g.byte() % 5 {
			v.Members = append(v.Members, Member{g.text(), g.value(depth - 1)})
		}
	}
	return v
}

// carried is what of v its encoding can carry.
func carried(v *Value) {
	normalise(v)
	switch v.Kind {
	case Double:
		if math.IsInf(v.Double, 0) || math.IsNaN(v.Double) {
			v.Double = 0
		}
	case String:
		v.Text = fit(v.Text)
	}
	for i := range v.Items {
		carried(&v.Items[i])
	}
	for i := range v.Members {
		v.Members[i].Name = fit(v.Members[i].Name)
		carried(&v.Members[i].Value)
	}
}

// FuzzValue encodes any value and holds what the decoder makes of it against the value.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{"", "\x02\x00\x00\x00\x00\x80\x00\x00\x00", "\x07\x03\x04\x02<&\x05\x02\x00\xff\x06\x00\x00\x00\x00\x60\x00\x00\x00",
		"\x08\x02\x03a\x1b\xff\x03\x7f\xf0\x00\x00\x00\x00\x00\x00\x01b\x07\x01\x01\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g := grower{data}
		want := g.value(8)
		encoded := Append(nil, &want)
		call, err := Decode([]byte("<methodCall><methodName>a</methodName><params><param>"+string(encoded)+"</param></params></methodCall>"), Limits{})
		if err != nil {
			t.Fatalf("encoding of %+v is refused: %v\n%s", want, err, encoded)
		}
		carried(&want)
		if !reflect.DeepEqual(call.Args[0], want) {
			t.Fatalf("round trip:\n got %+v\nwant %+v\n%s", call.Args[0], want, encoded)
		}
	})
}

func TestBytesAreEncodedAsStringsAre(t *testing.T) {
	for _, s := range []string{"", "plain", "<&>\r\n", "\x00\x1b\xff\xed\xa0\x80", "é€\U0001f600", "\xf0\x9f\x98", "a\xf0"} {
		if a, b := AppendString(nil, s), AppendBytes(nil, []byte(s)); !bytes.Equal(a, b) {
			t.Errorf("%q: %q and %q", s, a, b)
		}
	}
}
