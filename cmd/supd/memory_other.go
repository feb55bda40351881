//go:build !linux

package main

func forgetImage() {}
