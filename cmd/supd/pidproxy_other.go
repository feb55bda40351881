//go:build !linux

package main

import "errors"

func watchProcess(int) (<-chan int, error) {
	return nil, errors.New("--follow needs Linux")
}
