package confload

import (
	"fmt"
	"slices"
)

// An Option describes one option of one kind of section. The option table is the only list of options: reading,
// checking, warnings about unknown names, the comparison of two configurations and the reference all come from it.
type Option struct {
	Kind     string // kind of section: "supervisord", "program", "unix_http_server" …, see Kinds
	Name     string // lower case
	Type     string // "boolean", "integer" …
	Allowed  string // what values are allowed, for people
	Default  string // as it would be written, "" when there is none
	Computed string // how the default comes about when it depends on something, "" otherwise
	Required bool
	Names    Names  // which %(NAME) it knows besides ENV_
	Effect   Effect // what must be restarted for a change to be felt
	Help     string // one sentence
	Example  string // a value for the sample file when Default is none or no good example
	Peer     Peer   // how supervisord stands to it
	PeerNote string // what is better, or what is missing; "" when Peer is PeerSame

	secret   bool   // the value is not for error texts
	peerSame string // with PeerMissing: the only value that means the same to both
}

// Peer tells how supervisord stands to an option.
type Peer int

// The relations of supd to supervisord.
const (
	// PeerSame: the option means the same to both.
	PeerSame Peer = iota
	// PeerBetter: both know it, supd does more or does it right.
	PeerBetter
	// PeerOnlySupd: supervisord ignores it.
	PeerOnlySupd
	// PeerMissing: supervisord acts on it, supd cannot.
	PeerMissing
)

// String is the relation in the words of "supd check --against supervisord".
func (p Peer) String() string {
	return [...]string{"same", "better", "not in supervisord", "not in supd"}[p]
}

// Effect tells how a changed value comes into force.
type Effect int

// The effects of changed options. The first three are what reread reports a group as changed for; what they need is done by update.
const (
	// EffectProgram: each program it concerns is restarted.
	EffectProgram Effect = iota
	// EffectGroup: all programs of the group are restarted.
	EffectGroup
	// EffectInPlace: nothing is restarted.
	EffectInPlace
	// EffectDaemon: supd must be restarted.
	EffectDaemon
	// EffectClient: the next start of the client.
	EffectClient
	// EffectNow: the next reread.
	EffectNow
)

// byUpdate tells whether update brings a change into effect.
func (e Effect) byUpdate() bool { return e == EffectProgram || e == EffectGroup || e == EffectInPlace }

// A binding ties an option to the field of T that holds its value.
type binding[T any] struct {
	Option
	// read parses an expanded value into a field of t.
	read func(l *loader, t *T, s string) error
	// same tells whether a and b have the same value.
	same func(a, b *T) bool
}

// bind ties an option of type t to a field.
func bind[T, V any](o Option, t valueType[V], field func(*T) *V) binding[T] {
	return bindParts(o, t, func(x *T) V { return *field(x) }, func(x *T, v V) { *field(x) = v })
}

// bindParts ties an option of type t to a value that is kept in several fields.
func bindParts[T, V any](o Option, t valueType[V], get func(*T) V, set func(*T, V)) binding[T] {
	o.Type, o.Allowed = t.name, t.allowed
	return binding[T]{
		Option: o,
		read: func(l *loader, x *T, s string) error {
			v, err := t.parse(l, s)
			if err == nil {
				set(x, v)
			}
			return err
		},
		same: func(a, b *T) bool { return t.same(get(a), get(b)) },
	}
}

// A table is the bindings of one kind of section to one Go type.
type table[T any] []binding[T]

// tableOf names the kind in all its bindings.
func tableOf[T any](kind string, rows ...binding[T]) table[T] {
	for i := range rows {
		rows[i].Kind = kind
	}
	return rows
}

// options returns the descriptions.
func (t table[T]) options() []Option {
	out := make([]Option, len(t))
	for i := range t {
		out[i] = t[i].Option
	}
	return out
}

// setDefaults sets what the table has defaults for.
func setDefaults[T any](l *loader, t table[T], x *T) {
	for i := range t {
		b := &t[i]
		if b.Default == "" {
			continue
		}
		if err := b.read(l, x, b.Default); err != nil {
			l.fail(&Error{Option: b.Name, Text: "the default of " + b.Name + " cannot be used: " + badValue(&b.Option, quoted(b.Default), err)})
		}
	}
}

// which selects options of a table.
type which func(*Option) bool

func every(*Option) bool          { return true }
func perSection(o *Option) bool   { return o.Names&NameProcess == 0 }
func perProcess(o *Option) bool   { return o.Names&NameProcess != 0 }
func only(name string) which      { return func(o *Option) bool { return o.Name == name } }
func except(name string) which    { return func(o *Option) bool { return o.Name != name } }
func (a which) and(b which) which { return func(o *Option) bool { return a(o) && b(o) } }

// fill reads the selected options of a section into x. It reports everything wrong and returns false then.
func fill[T any](l *loader, t table[T], sec *section, x *T, sc scope, sel which) bool {
	ok := true
	for i := range t {
		b := &t[i]
		e, found := l.doc.lookup(sec, b.Name)
		switch {
		case !found && !b.Required || !sel(&b.Option):
			continue
		case !found:
			l.fail(l.errorAt(sec, nil, missing(sec.name, &b.Option)+l.mistyped(sec, b.Name)))
			ok = false
			continue
		}
		v, good := l.expandEntry(sec, e, &b.Option, sc)
		if !good {
			ok = false
			continue
		}
		if err := b.read(l, x, v.text); err != nil {
			shown := quoted(v.shown)
			if b.secret {
				shown = "(not shown)"
			}
			l.fail(l.errorAt(sec, e, badValue(&b.Option, shown, err)))
			ok = false
		}
	}
	return ok
}

// badValue says what is wrong with a value and what is allowed.
func badValue(o *Option, shown string, err error) string {
	text := "not a valid " + o.Type + " value: " + shown + " for " + o.Name
	if err != nil && err.Error() != "" {
		text += ": " + err.Error()
	}
	return text + " (allowed: " + o.Allowed + ")"
}

// missing says that a required option is not there.
func missing(section string, o *Option) string {
	switch {
	case o.Name == "command":
		return "program section " + section + " does not specify a command"
	case o.Kind == "include":
		return ".ini file has [include] section, but no files setting"
	case o.Kind == "rpcinterface":
		return "section [" + section + "] does not specify a " + o.Name
	case o.Name == "events" || o.Name == "socket":
		return "[" + section + "] section requires a \"" + o.Name + "\" line"
	}
	return "section [" + section + "] has no " + o.Name + " value"
}

// mistyped points to the line of a section that was probably meant to be the option name, which is missing. It returns ""
// when there is none.
func (l *loader) mistyped(sec *section, name string) string {
	k := findKind(sec.name)
	for _, e := range sec.order {
		if k.knows(e.name) || Nearest(e.name, []string{name}) == "" {
			continue
		}
		where := fmt.Sprintf("line %d", e.at.line)
		if e.at.file != sec.at.file {
			where += " of " + e.at.file
		}
		return fmt.Sprintf("; %s says %s, did you mean %s?", where, quoted(e.name), quoted(name))
	}
	return fmt.Sprintf("; add a line %s = …", name)
}

// Table returns the option table in the order of the reference. The caller may change it.
func Table() []Option {
	return slices.Concat(
		supervisordTable.options(), unixTable.options(), inetTable.options(), userTable.options(), ctlTable.options(), includeTable.options(),
		programTable.options(), instancesTable.options(), groupTable.options(), fcgiTable.options(),
		listenerTable.options(), rpcTable.options(), ctlPluginTable.options())
}
