package confload

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// maxFile bounds the size of one configuration file, in bytes.
const maxFile = 64 << 20

// Options are what a configuration depends on besides its files. The zero value is the running process.
type Options struct {
	// Environ is where %(ENV_X)s comes from, as KEY=VALUE. nil: os.Environ().
	Environ []string
	// EnvFiles are files with lines KEY=VALUE, which win over Environ, later files over earlier ones (see Config.Environ).
	EnvFiles []string
	// SetEnv are variables a client has set, as KEY=VALUE. They win over EnvFiles.
	SetEnv []string
	// Runs are programs a client has asked for, beside those of the files.
	Runs []Run
	// Skip is an included file, by its absolute path, that is taken for one that is not there; "" none.
	Skip string
	// Scales are numbers of processes a client has asked for. Those that the files have not overtaken are in Config.Scales.
	Scales []Scale
	// KnownEnv are ENV_ names that stay defined after a reread, as KEY=VALUE: the [supervisord] environment of the
	// configurations loaded before. They win over Environ.
	KnownEnv []string
	// Overrides are values for [supervisord] options from the command line, by option name, as text. They win over the
	// file and are not expanded. Values of switches are "true".
	Overrides map[string]string
	// OverrideFlags names the flag each override came from, like "-e/--loglevel", for error texts.
	OverrideFlags map[string]string
	// Hostname is host_node_name. "": that of the machine.
	Hostname string
	// TempDir is the default of childlogdir. "": os.TempDir().
	TempDir string
	// Decode makes the text of a configuration file out of what is stored, for programs that keep theirs encrypted or
	// compressed. It is called once for each file read, with its absolute path: the main one and those of [include]; not for
	// data given to Parse, and not for environment files. An error refuses the configuration. nil: files are what they are.
	Decode func(path string, data []byte) ([]byte, error)
}

// Load reads the file at path and the files it includes, and checks all of it. path is made absolute. The error is an
// *Error or Errors.
func Load(path string, opts Options) (*Config, error) {
	abs, data, err := opts.readConfig(path)
	if err != nil {
		return nil, err
	}
	return Parse(abs, data, opts)
}

// Parse is Load for data that is already read. name stands for the file in messages and, made absolute, gives %(here)s
// and the base of [include].
func Parse(name string, data []byte, opts Options) (*Config, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, &Error{Text: "could not find config file " + name}
	}
	l := newLoader(opts)
	l.load(abs, data)
	if err := l.err(); err != nil {
		return nil, err
	}
	l.config.Messages = l.messages
	return l.config, nil
}

// load makes the Config of a main file. It goes on after an error as long as that makes sense.
func (l *loader) load(path string, data []byte) {
	l.config = &Config{Path: path, Environ: l.opts.Environ}
	l.main = path
	l.read(path, data)
	l.readExpandEnv()
	if len(l.errs) == 0 {
		l.include()
		l.checkExpandEnv()
	}
	if len(l.errs) == 0 {
		l.addRuns()
	}
	if len(l.errs) == 0 {
		l.build()
		l.warnUnknown()
	}
	if len(l.errs) == 0 {
		l.advise()
	}
}

// readConfig reads a main file.
func (o *Options) readConfig(path string) (abs string, data []byte, err error) {
	if abs, err = CheckPath(path); err != nil {
		return "", nil, err
	}
	if data, err = o.readDecoded(abs); err != nil {
		return "", nil, &Error{Text: "could not read config file " + abs + ": " + reason(err)}
	}
	return abs, data, nil
}

// readDecoded reads a configuration file.
func (o *Options) readDecoded(path string) ([]byte, error) {
	data, err := readBounded(path)
	if err != nil || o.Decode == nil {
		return data, err
	}
	if data, err = o.Decode(path, data); err != nil {
		return nil, fmt.Errorf("it cannot be decoded: %w", err)
	}
	return data, nil
}

// readBounded reads a file. Pipes are refused, their writers could keep us waiting, but for the /dev/fd/N of shells.
func readBounded(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a pipe waits for nobody
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 && !strings.HasPrefix(path, "/dev/") {
		return nil, errors.New("it is a pipe, not a file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d MB", maxFile>>20)
	}
	return data, err
}

// A loader is one load.
type loader struct {
	report
	opts     Options
	doc      *document
	config   *Config
	included bool              // the main file has an [include]: %(here)s is known everywhere
	dollar   bool              // expand_env: $NAME is expanded
	host     string            // host_node_name
	environ  map[string]string // of the process
	env      []map[string]string
	users    map[string]*User
	groups   map[string]int
	dirs     map[string]bool
	hints    map[string]string
	byName   map[string]*section           // [KIND:NAME] sections that make programs
	checked  map[settingKey][]SettingValue // for Check; nil otherwise
	program  *Program                      // all defaults of the program table; nil before the first program
}

func newLoader(opts Options) *loader {
	if opts.Environ == nil {
		opts.Environ = os.Environ()
	}
	l := &loader{opts: opts, doc: newDocument(), config: &Config{}, host: opts.Hostname,
		users: map[string]*User{}, groups: map[string]int{}, dirs: map[string]bool{}, hints: map[string]string{}}
	l.opts.Environ = mergeEnv(l.readEnvFiles(opts.Environ, opts.EnvFiles), opts.SetEnv)
	l.environ = envMap(l.opts.Environ)
	l.env = []map[string]string{l.environ, envMap(opts.KnownEnv)}
	if l.host == "" {
		l.host, _ = os.Hostname() // unknown: empty, as uname would say
	}
	if l.opts.TempDir == "" {
		l.opts.TempDir = os.TempDir()
	}
	return l
}

// read reads one file into the document.
func (l *loader) read(path string, data []byte) {
	l.config.Files = append(l.config.Files, path)
	readFile(l.doc, &l.report, path, data)
}

// include reads the files the [include] section of the main file names. Those of included files are not acted upon.
func (l *loader) include() {
	sec := l.doc.sections["include"]
	if sec == nil {
		return
	}
	l.included = true
	main := l.config.Path
	files := includeFiles{}
	ok := fill(l, includeTable, sec, &files, l.scope(), every)
	if !ok {
		return
	}
	base := filepath.Dir(main)
	at := sec.at
	told := l.toldPatterns(sec, len(files.patterns))
	for i, pattern := range files.patterns {
		l.config.Includes = append(l.config.Includes, absolutePattern(base, pattern))
		paths := glob(base, pattern)
		if len(paths) == 0 {
			full := told[i]
			if !filepath.IsAbs(pattern) {
				full = filepath.Join(base, full)
			}
			l.say(Message{Level: Warn, Text: fmt.Sprintf("No file matches via include %q", full),
				File: at.file, Line: at.line, Section: sec.name, Option: "files"})
		}
		for _, path := range paths {
			l.includeOne(path, sec)
		}
	}
	if e := sec.keys["files"]; e != nil && e.at.file != main {
		l.say(Message{Level: Warn, Text: "an [include] section in an included file is not acted upon",
			File: e.at.file, Line: e.at.line, Section: sec.name})
	}
}

// toldPatterns returns the n patterns of [include] files as they may be told, without values of ENV_ names.
func (l *loader) toldPatterns(sec *section, n int) []string {
	e, _ := l.doc.lookup(sec, includeTable[0].Name)
	v, _ := l.expandEntry(sec, e, &includeTable[0].Option, l.scope())
	told := strings.FieldsFunc(v.shown, isSpace)
	if len(told) == n {
		return told
	}
	told = make([]string, n) // an ENV_ name stands for several patterns
	for i := range told {
		told[i] = fmt.Sprintf("pattern %d", i+1)
	}
	return told
}

func (l *loader) includeOne(path string, sec *section) {
	if path == l.opts.Skip {
		return
	}
	if isDir(path) {
		l.say(Message{Level: Warn, Text: fmt.Sprintf("%q matches [include] files but is a directory, it is left out", path),
			File: sec.at.file, Line: sec.at.line, Section: sec.name, Option: "files"})
		return
	}
	data, err := l.opts.readDecoded(path)
	if err != nil {
		l.fail(&Error{File: sec.at.file, Line: sec.at.line, Section: sec.name, Option: "files",
			Text: fmt.Sprintf("could not read included file %s: %s", path, reason(err))})
		return
	}
	l.say(Message{Level: Info, Text: fmt.Sprintf("Included extra file %q during parsing", path), File: path})
	l.read(path, data)
}

// build makes the Config out of the document. It goes on after an error to find the next ones.
func (l *loader) build() {
	if l.doc.sections["supervisord"] == nil {
		l.fail(l.noSupervisord())
		if l.checked == nil {
			return
		}
	} else {
		l.supervisord()
	}
	l.plugins()
	l.buildGroups()
	l.checkScales()
	l.resolveDependencies()
	l.checkExitWhen()
	l.checkSignificant()
	l.servers()
	l.accounts()
	for i := range l.config.Groups {
		g := &l.config.Groups[i]
		for j := range g.Programs {
			g.Programs[j].Environment = mergeEnv(l.config.Supervisord.Environment, g.Programs[j].Environment)
		}
	}
}

// noSupervisord is the error for a file without [supervisord]. It points to the section that was probably meant.
func (l *loader) noSupervisord() *Error {
	e := &Error{File: l.config.Path, Text: ".ini file does not include supervisord section"}
	for _, sec := range l.doc.order {
		if findKind(sec.name) == nil && Nearest(strings.ToLower(sec.name), []string{"supervisord"}) != "" {
			e.File, e.Line = sec.at.file, sec.at.line
			e.Text += fmt.Sprintf("; [%s] stands where [supervisord] is meant", sec.name)
			return e
		}
	}
	e.Text += "; add a line [supervisord] at the top, it needs no options"
	return e
}

// sectionsOf returns the sections of a kind, in file order.
func (l *loader) sectionsOf(kind string) []*section {
	var out []*section
	for _, s := range l.doc.order {
		if kindOf(s.name) == kind {
			out = append(out, s)
		}
	}
	return out
}

// scope returns the names every option can have; an option's own set is put in by the caller.
func (l *loader) scope() scope {
	return scope{host: l.host, env: l.env, dollar: l.dollar}
}

// expandEntry expands the value of a key with the names an option knows. Formats of secret options are not shown.
func (l *loader) expandEntry(sec *section, e *entry, o *Option, sc scope) (value, bool) {
	sc.names = o.Names
	if l.included {
		sc.names |= NameHere
	}
	sc.here = l.here(sec, e)
	v, err := sc.expand(e.value())
	if err != nil {
		l.fail(l.errorAt(sec, e, badFormat(sec, e, o, &sc, err)))
		return value{}, false
	}
	l.note(sec, e, &sc, v.text)
	return v, true
}

// badFormat says why a value could not be expanded.
func badFormat(sec *section, e *entry, o *Option, sc *scope, err error) string {
	format := quoted(e.value())
	if o.secret {
		format = "(not shown)"
	}
	where := sec.name + "." + e.name
	var unknown *unknownName
	switch known := !errors.As(err, &unknown); {
	case known && o.secret && sc.dollar:
		err = errors.New("write %% for a percent sign and $$ for a dollar sign")
	case known && o.secret:
		err = errors.New("write %% for a percent sign")
	case known:
	case unknown.dollar:
		name := " " + quoted(unknown.name)
		if o.secret {
			name = "" // it may be a part of a password
		}
		return fmt.Sprintf("format string %s for '%s' names an environment variable%s that is not defined (expand_env is on); "+
			"define it, or write $$ for a dollar sign", format, where, name)
	default:
		return fmt.Sprintf("format string %s for '%s' contains the name %s, which cannot be expanded; available names: %s",
			format, where, quoted(unknown.name), strings.Join(sc.available(), ", "))
	}
	return fmt.Sprintf("format string %s for '%s' is badly formatted: %s", format, where, err)
}

// errorAt returns an error at a key, or at the header of the section when e is nil.
func (l *loader) errorAt(sec *section, e *entry, text string) *Error {
	if e == nil {
		return &Error{File: sec.at.file, Line: sec.at.line, Section: sec.name, Text: text}
	}
	name := sec.name
	if common := l.doc.programDefaults(sec); common != nil && common.keys[e.name] == e {
		name = common.name
	}
	return &Error{File: e.at.file, Line: e.at.line, Section: name, Option: e.name, Text: text}
}

// sortedKeys returns the keys of m, sorted.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
