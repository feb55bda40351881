// Package process starts, watches, signals and reaps operating-system processes. It is the only package that forks.
package process
