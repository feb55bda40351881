// Package confload turns supervisord-style INI files into one typed, validated, immutable Config, and tells how two
// Configs differ.
package confload
