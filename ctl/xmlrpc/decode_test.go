package xmlrpc

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func call(params string) string {
	return "<?xml version='1.0'?>\n<methodCall>\n<methodName>a.b</methodName>\n<params>\n" + params + "</params>\n</methodCall>\n"
}

func arg(value string) string { return call("<param>\n<value>" + value + "</value>\n</param>\n") }

func str(s string) Value { return Value{Kind: String, Text: s} }
func num(n int64) Value  { return Value{Kind: Int, Int: n} }

func TestDecodeTypes(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for in, want := range map[string]Value{
		"plain":                                str("plain"),
		"":                                     str(""),
		"  kept  ":                             str("  kept  "),
		"<string></string>":                    str(""),
		"<string/>":                            str(""),
		"<string> kept\n</string>":             str(" kept\n"),
		" \n<string>x</string>\n ":             str("x"),
		"<string>a&lt;b<!-- c -->d</string>":   str("a<bd"),
		"<string><![CDATA[<&]]>&amp;</string>": str("<&&"),
		"<string>&#65;&#x42;&quot;&apos;&gt;</string>": str(`AB"'>`),
		"a\r\nb\rc":                     str("a\nb\nc"),
		"<![CDATA[a\r\nb]]>":            str("a\nb"),
		"&#13;":                         str("\r"),
		"<?pi x?>x":                     str("x"),
		"<int>42</int>":                 num(42),
		"<int> -42\n</int>":             num(-42),
		"<i4>42</i4>":                   num(42),
		"<i8>9007199254740993</i8>":     num(9007199254740993),
		"<ex:i8 xmlns:ex='x'>5</ex:i8>": num(5),
		"<boolean>1</boolean>":          {Kind: Bool, Int: 1},
		"<boolean>0</boolean>":          {Kind: Bool},
		"<boolean>true</boolean>":       {Kind: Bool},
		"<double>-1.5e3</double>":       {Kind: Double, Double: -1500},
		"<base64>aGVs\n bG8=</base64>":  {Kind: Base64, Text: "hello"},
		"<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>":    {Kind: DateTime, Time: day},
		"<dateTime.iso8601>2026-01-02T03:04:05Z</dateTime.iso8601>": {Kind: DateTime, Time: day},
		"<nil/>":                 {},
		"<ex:nil/>":              {},
		"<nil></nil>":            {},
		"<bogus>x</bogus>":       str("x"),
		"<array/>":               {Kind: Array},
		"<array></array>":        {Kind: Array},
		"<array><data/></array>": {Kind: Array},
		"<array><data>\n<value><int>1</int></value><value>x</value><value/>\n</data></array>": {Kind: Array, Items: []Value{num(1), str("x"), str("")}},
		"<struct/>": {Kind: Struct},
		"<struct><member><value><int>1</int></value><name>a</name></member>\n<member><name>b&lt;</name><value>x</value></member></struct>": {
			Kind: Struct, Members: []Member{{"a", num(1)}, {"b<", str("x")}}},
	} {
		c, err := Decode([]byte(arg(in)), Limits{})
		if err != nil || len(c.Args) != 1 {
			t.Errorf("%q: %d arguments, error %v", in, len(c.Args), err)
			continue
		}
		if got := c.Args[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", in, got, want)
		}
	}
}

func TestDecodeCalls(t *testing.T) {
	for in, args := range map[string]int{
		"<methodCall><methodName>a.b</methodName></methodCall>":                                          0,
		"<methodCall><methodName>a.b</methodName><params/></methodCall>":                                 0,
		"<methodCall><params></params><methodName>a.b</methodName></methodCall>\n<!-- end -->\n":         0,
		"\ufeff<methodCall><!-- c --><methodName>a<!-- x -->.b</methodName></methodCall>":                0,
		" \n<methodCall a='1' b = \"2>\" ><methodName >a.b</methodName ></methodCall >":                  0,
		`<?xml version="1.0" encoding="UTF-8"?><methodCall><methodName>a.b</methodName></methodCall>`:    0,
		`<?xml version="1.0" encoding='us-ascii'?><methodCall><methodName>a.b</methodName></methodCall>`: 0,
		call("<param><value>x</value></param><param><value><int>1</int></value></param>"):                2,
	} {
		c, err := Decode([]byte(in), Limits{})
		if err != nil || c.Method != "a.b" || len(c.Args) != args {
			t.Errorf("%q: %+v, error %v", in, c, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat("<array><data><value>", n) + strings.Repeat("</value></data></array>", n)
	}
	for in, want := range map[string]string{
		"":                                    "ends too early",
		"abc":                                 "text where",
		"<methodCall>":                        "ends too early",
		"<methodResponse/>":                   "not a methodCall",
		"</methodCall>":                       "not a methodCall",
		"<x><methodName>a.b</methodName></x>": "not a methodCall",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><methodCall/>":              "DOCTYPE",
		"<?xml version='1.0' encoding='ISO-8859-1'?><methodCall/>": "not supported",
		"<?xml version='1.0'":                                      "does not end",
		"<methodCall/>x":                                           "something follows",
		"<methodCall/><methodCall/>":                               "something follows",
		"<methodCall><methodName>a</methodName><methodName>b</methodName></methodCall>": "not expected",
		"<methodCall><bogus/></methodCall>":                                             "not expected",
		"<methodCall><methodName><b/></methodName></methodCall>":                        "inside <methodName>",
		"<methodCall><methodName>a</x></methodCall>":                                    "closes",
		call("<value>x</value>"):                                                        "not expected",
		call("<param></param>"):                                                         "one value",
		call("<param><value/><value/></param>"):                                         "one value",
		arg("<int>x</int>"):                                                             "integer",
		arg("<int></int>"):                                                              "integer",
		arg("<int>99999999999999999999</int>"):                                          "integer",
		arg("<double>nan</double>"):                                                     "double",
		arg("<base64>!</base64>"):                                                       "base64",
		arg("<dateTime.iso8601>x</dateTime.iso8601>"):                                   "dateTime",
		arg("<nil>x</nil>"):                                                             "nil",
		arg("x<int>1</int>"):                                                            "text beside",
		arg("<int>1</int><int>2</int>"):                                                 "second type",
		arg("<int>1</int>x"):                                                            "text where",
		arg("<string><b>x</b></string>"):                                                "inside <string>",
		arg("<array><value/></array>"):                                                  "not expected",
		arg("<array><data/><data/></array>"):                                            "not expected",
		arg("<struct><member><name>a</name></member></struct>"):                         "name and a value",
		arg("<struct><member><name>a</name><name>a</name><value/></member></struct>"):   "not expected",
		arg("<struct><value/></struct>"):                                                "not expected",
		arg("&x;"):                                                                      "reference",
		arg("&#0;"):                                                                     "reference",
		arg("&#xD800;"):                                                                 "reference",
		arg("&#x110000;"):                                                               "reference",
		arg("& "):                                                                       "ampersand",
		arg("]]>"):                                                                      "]]>",
		arg("<![CDATA[x"):                                                               "does not end",
		arg("<!-- x"):                                                                   "does not end",
		arg("<?x"):                                                                      "does not end",
		arg("<int"):                                                                     "not a tag",
		arg("<int a>1</int>"):                                                           "not an attribute",
		arg("<int a=b>1</int>"):                                                         "quotes",
		arg("<int a='b>1</int>"):                                                        "does not end",
		arg("<int / >1</int>"):                                                          "slash",
		arg("<int+>1</int>"):                                                            "not a tag",
		arg("< int>1</int>"):                                                            "not a tag",
		arg("<int>1</int a='b'>"):                                                       "no attributes",
		arg("\x01"):                                                                     "control character",
		arg("\xff"):                                                                     "UTF-8",
		arg("\uffff"):                                                                   "UTF-8",
		arg(deep(64)):                                                                   "too deep",
		arg(strings.Repeat("<array><data><value>", 1_000_000)):                          "too deep",
		call(strings.Repeat("<param><value/></param>", 100_001)):                        "too many",
	} {
		_, err := Decode([]byte(in), Limits{})
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: error %v, want one with %q", in, err, want)
		} else if syntax.Offset < 0 || syntax.Offset > len(in) {
			t.Errorf("%.80q: offset %d", in, syntax.Offset)
		}
	}
	if _, err := Decode([]byte(arg(deep(63))), Limits{}); err != nil {
		t.Errorf("64 values in one another: %v", err)
	}
	for _, in := range []string{"<methodCall/>", "<methodCall><methodName/></methodCall>", "<methodCall><params/></methodCall>"} {
		if _, err := Decode([]byte(in), Limits{}); err != ErrNoMethodName {
			t.Errorf("%q: error %v", in, err)
		}
	}
}

func TestReadBodyStopsAtTheLimit(t *testing.T) {
	body, err := ReadBody(nil, strings.NewReader("12345"), 5)
	if err != nil || string(body) != "12345" {
		t.Errorf("got %q, %v", body, err)
	}
	if _, err := ReadBody([]byte("kept"), strings.NewReader("123456"), 5); err != ErrTooLarge {
		t.Errorf("error %v", err)
	}
}

func TestTruthIsPythons(t *testing.T) {
	truths := []Value{{Kind: Bool, Int: 1}, num(-1), {Kind: Double, Double: .1}, str("0"), {Kind: Base64, Text: "x"}, {Kind: DateTime},
		{Kind: Array, Items: []Value{{}}}, {Kind: Struct, Members: []Member{{}}}}
	lies := []Value{{}, {Kind: Bool}, num(0), {Kind: Double}, str(""), {Kind: Base64}, {Kind: Array}, {Kind: Struct}}
	for _, v := range truths {
		if !v.Truth() {
			t.Errorf("%v %+v is false", v.Kind, v)
		}
	}
	for _, v := range lies {
		if v.Truth() {
			t.Errorf("%v %+v is true", v.Kind, v)
		}
	}
}

// samples are calls of every kind, for fuzzing.
func samples() []string {
	return []string{
		call(""), arg("x"), arg("<int>1</int>"), arg("<string>a&amp;b&#13;<![CDATA[<]]></string>"), arg("<nil/>"),
		arg("<array><data><value><boolean>1</boolean></value><value><double>1.5</double></value></data></array>"),
		arg("<struct><member><name>a</name><value><base64>aGk=</base64></value></member></struct>"),
		arg("<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>"), "<?xml version='1.0'?><!-- x --><methodCall a='b'/>",
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range samples() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode(data, Limits{Values: 1000})
		if err != nil {
			var syntax *SyntaxError
			if err != ErrNoMethodName && (!errors.As(err, &syntax) || syntax.Offset > len(data)) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		again, err := Decode(encodeCall(c), Limits{})
		if err != nil {
			t.Fatalf("own encoding of %+v is refused: %v", c, err)
		}
		for i := range c.Args {
			normalise(&c.Args[i])
		}
		if !reflect.DeepEqual(again, c) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", again, c)
		}
	})
}

// FuzzText holds any text against what a decoder must make of its encoding.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "<&>\r\n", "\x00\x1b[0m", "é\xff\xfe", "\ufffe\U0001f600", "]]>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Decode([]byte("<methodCall><methodName>a</methodName><params><param>"+string(AppendString(nil, s))+
			"</param></params></methodCall>"), Limits{})
		if err != nil {
			t.Fatalf("encoding of %q is refused: %v", s, err)
		}
		if want := fit(s); c.Args[0].Text != want {
			t.Fatalf("got %q, want %q", c.Args[0].Text, want)
		}
	})
}

// fit is the slow and obvious form of what AppendText does to a string.
func fit(s string) string {
	var b strings.Builder
	for _, r := range s { // a byte that is no UTF-8 counts as U+FFFD
		if !isXMLChar(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func encodeCall(c Call) []byte {
	b := []byte("<methodCall><methodName>")
	b = AppendText(b, c.Method)
	b = append(b, "</methodName><params>"...)
	for i := range c.Args {
		b = append(b, "<param>"...)
		b = Append(b, &c.Args[i])
		b = append(b, "</param>"...)
	}
	return append(b, "</params></methodCall>"...)
}

// normalise makes of v what its encoding can carry.
func normalise(v *Value) {
	switch v.Kind {
	case Nil:
		*v = str("")
	case Int:
		v.Int = min(max(v.Int, math.MinInt32), math.MaxInt32)
	case DateTime:
		v.Time = time.Date(v.Time.Year(), v.Time.Month(), v.Time.Day(), v.Time.Hour(), v.Time.Minute(), v.Time.Second(), 0, time.UTC)
	}
	for i := range v.Items {
		normalise(&v.Items[i])
	}
	for i := range v.Members {
		normalise(&v.Members[i].Value)
	}
}
