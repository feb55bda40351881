package confload

import (
	"fmt"
	"slices"
	"strings"
)

// sampleSections are the sections of the sample file in order. live are the options that are switched on in it; a section
// without any is a comment as a whole.
var sampleSections = []struct {
	header, about string
	live          []string
	minimal       bool // part of the minimal sample
}{
	{"unix_http_server", "Where supd ctl, supervisorctl and other clients on this machine find the supervisor.", []string{"file"}, true},
	{"inet_http_server", "The same over TCP, and for browsers. Whoever reaches it may do everything: keep it on 127.0.0.1, or set a password.", nil, false},
	{"user:example", "Somebody who may use the servers, and what for. Supervisord ignores it.", nil, false},
	{"supervisord", "The supervisor itself. This section must be there; all its options have defaults.", []string{"logfile", "pidfile"}, true},
	{"rpcinterface:supervisor", "The interface that clients use. Without it nobody can steer.", []string{"supervisor.rpcinterface_factory"}, true},
	{"supervisorctl", "What the client needs to know.", []string{"serverurl"}, true},
	{programDefault, "Options of all programs and fcgi-programs that do not give them themselves, like user or autorestart. Supervisord ignores it.", nil, false},
	{"program:example", "A program to keep running. Everything but command has a default.", nil, true},
	{"group:examples", "A group of programs that are started, stopped and named together: examples:example.", nil, false},
	{"eventlistener:listener", "A program that is told what happens, by the eventlistener protocol. It has the options of a program as well.", nil, false},
	{"fcgi-program:fcgi", "Programs that share a listening socket as standard input. It has the options of a program as well.", nil, false},
	{"include", "More files. They may hold all kinds of sections; supervisorctl does not read them.", nil, false},
	{"ctlplugin:example", "Commands for the client of supervisord; supd loads none.", nil, false},
}

const sampleHead = `; A configuration for supd and supervisord.
;
; A line that begins with "; " is an explanation. Take the ; away from a line like ;name = value to switch an option on.
; The value shown is the default, or an example where there is none.
;
; - %(ENV_HOME)s is the environment variable HOME, %(here)s the directory of this file. A percent sign is written %%.
; - A comment after a value needs white space before its ; or #, and such a ; or # ends the value even inside quotes.
; - Quotes are part of a value, except in environment and where command is split into words.
; - "supd check" tells what is wrong with a file before a daemon does.
;
; Paths are below /tmp so that this file works as it is. Choose better ones: systems clean /tmp, and all users can write there.
`

const sampleMinimalHead = `; The least a supervisor needs that can be steered. "supd init" without --minimal lists all options.
`

// Sample renders the option table as a configuration file that works as it is, with all other options as comments. With
// minimal it has no more than a supervisor needs.
func Sample(minimal bool) string {
	var b strings.Builder
	if minimal {
		b.WriteString(sampleMinimalHead)
	} else {
		b.WriteString(sampleHead)
	}
	for _, s := range sampleSections {
		if minimal && !s.minimal {
			continue
		}
		b.WriteByte('\n')
		off := ";"
		if s.live != nil {
			off = ""
		}
		if !minimal {
			writeComment(&b, s.about)
		}
		fmt.Fprintf(&b, "%s[%s]\n", off, s.header)
		k := findKind(s.header)
		for _, o := range k.sampleOptions() {
			live := slices.Contains(s.live, o.Name)
			if minimal && !live && !o.Required {
				continue
			}
			if !minimal {
				o.sampleComment(&b)
			}
			off := ";"
			if live {
				off = ""
			}
			fmt.Fprintf(&b, "%s%s = %s\n", off, o.Name, o.sampleValue())
		}
	}
	return b.String()
}

// sampleOptions are the options of a kind: the required ones first, of a program-like section only command and what is
// its own, of [program-default] none.
func (k *sectionKind) sampleOptions() []Option {
	var first, rest []Option
	for _, os := range k.options {
		for _, o := range os {
			switch {
			case o.Kind != k.kind && (o.Name != "command" || k.kind == programDefault):
			case o.Required:
				first = append(first, o)
			default:
				rest = append(rest, o)
			}
		}
	}
	return append(first, rest...)
}

// sampleValue is the value an option has in the sample.
func (o *Option) sampleValue() string {
	if o.Example != "" {
		return o.Example
	}
	return o.Default
}

func (o *Option) sampleComment(b *strings.Builder) {
	b.WriteByte('\n')
	writeComment(b, o.Help)
	facts := []string{"Allowed: " + o.Allowed + "."}
	switch {
	case o.Required:
		facts = append(facts, "Required.")
	case o.Default != "":
		facts = append(facts, "Default: "+o.Default+".")
	case o.Computed != "":
		facts = append(facts, "Default: "+o.Computed+".")
	default:
		facts = append(facts, "Default: none.")
	}
	switch o.Peer {
	case PeerOnlySupd:
		facts = append(facts, "Supervisord ignores it.")
	case PeerMissing:
		facts = append(facts, strings.ToUpper(o.PeerNote[:1])+o.PeerNote[1:]+".")
	}
	writeComment(b, strings.Join(facts, " "))
}

// writeComment writes text as comment lines.
func writeComment(b *strings.Builder, text string) {
	const width = 110
	line := ";"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = ";"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
