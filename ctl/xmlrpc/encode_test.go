package xmlrpc

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{AppendInt(nil, -5), "<value><int>-5</int></value>\n"},
		{AppendInt(nil, 1<<40), "<value><int>2147483647</int></value>\n"},
		{AppendInt(nil, math.MinInt64), "<value><int>-2147483648</int></value>\n"},
		{AppendMemberTime(nil, "t", time.Time{}), "<member>\n<name>t</name>\n<value><int>0</int></value>\n</member>\n"},
		{AppendMemberTime(nil, "t", time.Unix(1795480726, 999)), "<member>\n<name>t</name>\n<value><int>1795480726</int></value>\n</member>\n"},
		{AppendMemberTime(nil, "t", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), "<member>\n<name>t</name>\n<value><int>2147483647</int></value>\n</member>\n"},
		{AppendBool(nil, true), "<value><boolean>1</boolean></value>\n"},
		{AppendBool(nil, false), "<value><boolean>0</boolean></value>\n"},
		{AppendDouble(nil, 1e21), "<value><double>1000000000000000000000</double></value>\n"},
		{AppendDouble(nil, math.NaN()), "<value><double>0</double></value>\n"},
		{AppendString(nil, "a<b>&\r\n\t\"'"), "<value><string>a&lt;b&gt;&amp;&#13;\n\t\"'</string></value>\n"},
		{AppendString(nil, "\x1b[0m\x00\x7f"), "<value><string>\uFFFD[0m\uFFFD\x7f</string></value>\n"},
		{AppendString(nil, "é\xe2\x82€\xff"), "<value><string>é\uFFFD\uFFFD€\uFFFD</string></value>\n"},
		{AppendString(nil, "\ufffd\uffff\xed\xa0\x80"), "<value><string>\ufffd\ufffd\ufffd\ufffd\ufffd</string></value>\n"},
		{AppendStrings(nil, nil), "<value><array><data>\n</data></array></value>\n"},
		{AppendFaultResponse(nil, &Fault{10, "BAD_NAME: <x>"}), "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n" +
			"<member>\n<name>faultCode</name>\n<value><int>10</int></value>\n</member>\n" +
			"<member>\n<name>faultString</name>\n<value><string>BAD_NAME: &lt;x&gt;</string></value>\n</member>\n" +
			"</struct></value>\n</fault>\n</methodResponse>\n"},
		{AppendResponseEnd(AppendBool(AppendResponseStart(nil), true)), "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n" +
			"<value><boolean>1</boolean></value>\n</param>\n</params>\n</methodResponse>\n"},
	} {
		if string(c.got) != c.want {
			t.Errorf("got  %q\nwant %q", c.got, c.want)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	b := make([]byte, 0, 4096)
	s := strings.Repeat("log line é \x1b & ", 20)
	if n := testing.AllocsPerRun(100, func() {
		b = AppendMemberString(b[:0], "name", s)
		b = AppendMemberInt(b, "pid", 12345)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendString(b *testing.B) {
	s := strings.Repeat("/var/log/supervisor/web-stdout---supervisor-x.log ", 20)
	b.SetBytes(int64(len(s)))
	var buf []byte
	for b.Loop() {
		buf = AppendString(buf[:0], s)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(arg("<string>web:a</string>"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
