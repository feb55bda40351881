package xmlrpc

import "time"

// Kind is the type of a Value.
type Kind uint8

// The types of values. An untyped value is a String.
const (
	Nil Kind = iota
	Bool
	Int
	Double
	String
	Base64
	DateTime
	Array
	Struct
)

var kindNames = [...]string{"nil", "boolean", "int", "double", "string", "base64", "dateTime.iso8601", "array", "struct"}

// String is the word for the type in signatures.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// A Value is one argument of a call, or a part of one. Only the field that belongs to its Kind is set.
type Value struct {
	Kind    Kind
	Int     int64     // Int; Bool: 1 true, 0 false
	Double  float64   // Double: neither infinite nor NaN
	Text    string    // String; Base64: the decoded bytes
	Time    time.Time // DateTime: UTC when it names no zone
	Items   []Value   // Array
	Members []Member  // Struct, in the order of the request
}

// A Member is one member of a Struct.
type Member struct {
	Name  string
	Value Value
}

// Member returns the member of a Struct of that name; the last one when there are several.
func (v *Value) Member(name string) (*Value, bool) {
	for i := len(v.Members) - 1; i >= 0; i-- {
		if v.Members[i].Name == name {
			return &v.Members[i].Value, true
		}
	}
	return nil, false
}

// AsText returns the text of a String or Base64; ok is false for anything else.
func (v *Value) AsText() (text string, ok bool) {
	return v.Text, v.Kind == String || v.Kind == Base64
}

// Truth is what Python makes of the value in a condition: false for nil, zero and whatever is empty. supervisord takes any
// type where it asks for a boolean.
func (v *Value) Truth() bool {
	switch v.Kind {
	case Bool, Int:
		return v.Int != 0
	case Double:
		return v.Double != 0
	case String, Base64:
		return v.Text != ""
	case DateTime:
		return true
	case Array:
		return len(v.Items) > 0
	case Struct:
		return len(v.Members) > 0
	}
	return false
}
