package confload

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// A ResourceLimit is a limit of a program, in the unit of setrlimit(2).
type ResourceLimit struct {
	Soft, Hard uint64 // Unlimited: none
}

// Unlimited is the limit that is none.
const Unlimited = ^uint64(0)

// The units of limits.
var (
	limitCount = valueType[int64]{allowed: "a whole number", parse: func(_ *loader, s string) (int64, error) { return parseInt(s, 10) }}
	limitSize  = byteType
)

// limitType is the type of limits in a unit: one value for both limits, or two.
func limitType(unit valueType[int64]) valueType[ResourceLimit] {
	return valueType[ResourceLimit]{
		name: "limit", allowed: "LIMIT for both, or SOFT:HARD, each " + unit.allowed + ", or unlimited",
		parse: func(l *loader, s string) (ResourceLimit, error) {
			one := func(s string) (uint64, error) {
				if s = strings.TrimFunc(s, isSpace); strings.EqualFold(s, "unlimited") {
					return Unlimited, nil
				}
				v, err := unit.parse(l, s)
				if err == nil && v < 0 {
					err = errors.New("it is negative; no limit is written unlimited")
				}
				return uint64(v), err
			}
			softText, hardText, two := strings.Cut(s, ":")
			soft, err := one(softText)
			if err != nil || !two {
				return ResourceLimit{soft, soft}, err
			}
			hard, err := one(hardText)
			if err == nil && soft > hard {
				err = errors.New("the soft limit is above the hard one")
			}
			return ResourceLimit{soft, hard}, err
		},
		same: equal[ResourceLimit],
	}
}

// filesType is the type of lists of files that need not exist; the results are absolute.
var filesType = valueType[[]string]{
	name: "list of files", allowed: "paths with commas between them",
	parse: func(l *loader, s string) ([]string, error) {
		parts, err := listType.parse(l, s)
		for i, part := range parts {
			switch part, err = l.expandUser(part); {
			case err != nil:
				return nil, err
			case part == "":
				return nil, fmt.Errorf("number %d of %d is empty", i+1, len(parts))
			}
			if parts[i], err = filepath.Abs(part); err != nil {
				return nil, err
			}
		}
		return parts, err
	},
	same: listType.same,
}
