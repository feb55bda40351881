// Package confload turns supervisord-style INI files into one typed, validated, immutable Config, and tells how two
// Configs differ.
//
// A load goes through five steps, each in the files named after it:
//
//   - find.go finds the file, unless it is given.
//   - reader.go reads lines by the rules of Python's RawConfigParser into the document of model.go, which keeps the file
//     and line of every section and key. Included files (load.go, glob.go) go into the same document.
//   - option.go fills Go values from sections: each row of the option table (table.go, table_program.go) has the type, the
//     default, the %(NAME) it knows (expand.go) and the field it sets. Checks, warnings about unknown names (kinds.go),
//     Diff and the reference use the same rows.
//   - supervisord.go, servers.go, program.go, fcgi.go and group.go check what options mean together.
//   - Errors are collected: a load reports everything it finds. Values of environment variables, of environment= and of
//     passwords are never part of an error or a Message.
package confload
