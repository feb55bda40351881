#!/usr/bin/python3
"""Writes reader_cases.json: what Python's RawConfigParser makes of each case.

Run it in this directory after changing a case:  ./reader_cases.py > reader_cases.json

A case whose third element is set is one where supd differs on purpose: the element is the reason and what supd reads.
"""
import configparser
import json
import sys

P = "[program:a]\n"
LONG = P + "environment=A0=1,\n" + "".join("  A%d=%s,\n" % (i, "v" * 40) for i in range(1, 200)) + "  Z=1\nuser=x\n"

CASES = [
    ("plain", P + "command=x\nuser=bob\n"),
    ("spaces around =", P + "command = x y \n"),
    ("colon", P + "command: x\n"),
    ("colon then equals", P + "k:v=1\n"),
    ("equals then colon", P + "k=v:1\n"),
    ("colon space equals", P + "k : = 1\n"),
    ("empty value", P + "command=\n"),
    ("key with spaces", P + "my key = x\n"),
    ("key upper case", P + "Command=x\nCOMMAND=y\n"),
    ("section case", "[Program:A]\nk=1\n[program:A]\nk=2\n"),
    ("section spaces", "[ a ]\nk=1\n[a]\nk=2\n"),
    ("section indented", "  [program:a]\n  k=1\n"),
    ("section trailing text", "[program:a] text\nk=1\n"),
    ("section comment", "[program:a] ; c\nk=1\n"),
    ("section comment with brackets", "[program:a] ; see [b]\ncommand=x\n"),
    ("section last bracket", "[a]b]\nk=1\n"),
    ("section bracket in text", "[a] x ]\nk=1\n"),
    ("section empty", "[]\nk=1\n"),
    ("section empty after section", P + "[]\n"),
    ("section unclosed", "[a\nk=1\n"),
    ("section unclosed with =", P + "[a=b\n"),
    ("section indented after key", "[x]\nk=v\n  [program:a]\n"),
    ("section duplicate", P + "a=1\nb=1\n[x]\nq=1\n" + P + "b=2\nc=3\n"),
    ("section without keys", P + "[b]\n"),
    ("section with ; without space", "[a;b]\nk=1\n"),
    ("section with ; after space", "[a ;b]\nk=1\n"),
    ("key duplicate", P + "k=1\nk=2\n"),
    ("full comments", "; c\n# d\n" + P + "; e\nk=1\n# f\n"),
    ("indented comment", P + "k=1\n   ; c\nl=2\n"),
    ("rem is no comment", P + "rem x\n"),
    ("inline ;", P + "command=x ; y\n"),
    ("inline #", P + "command=x # y\n"),
    ("no space ;", P + "command=x;y\n"),
    ("no space #", P + "command=x#y\n"),
    ("both ; then #", P + "command=x ; y # z\n"),
    ("both # then ;", P + "command=x # y ; z\n"),
    ("tab before ;", P + "command=x\t; y\n"),
    ("space then ; right after =", P + "stdout_logfile= ; none\n"),
    ("space then # right after =", P + "stdout_logfile= # none\n"),
    ("; right after =", P + "k=;c\n"),
    ("# right after =", P + "k=#c\n"),
    ("inline in double quotes", P + 'command=bash -c "a ; b"\n'),
    ("inline in single quotes", P + "command=bash -c 'a # b'\n"),
    ("earliest prefix", P + "k=a;b ;c # d\n",
     {"why": "cut at the earliest prefix, as Python 3.14 does", "want": {"program:a": {"k": "a;b"}}}),
    ("second prefix first", P + "k=a#b #c ;d\n",
     {"why": "cut at the earliest prefix, as Python 3.14 does", "want": {"program:a": {"k": "a#b"}}}),
    ("nbsp before ;", P + "command=x\u00a0; y\n"),
    ("formfeed", P + "command=a\f; b\n"),
    ("vertical tab", P + "command=a\v; c\n"),
    ("file separator", P + "command=a\x1c; c\n"),
    ("quotes kept", P + 'k="a b"\nl=\'c\'\n'),
    ("backtick value", P + "command=`date`\n"),
    ("backtick unclosed", P + "command=`date\nuser=x\n"),
    ("triple quotes", P + 'command="""x"""\n'),
    ("trailing backslash", P + "command=foo \\\nuser=bob\n"),
    ("trailing backslash indented", P + "command=foo \\\n  --bar \\\n  --baz\nuser=bob\n"),
    ("continuation", P + "command=foo\n  --bar\n  --baz\nuser=bob\n"),
    ("continuation tab", P + "command=foo\n\t--bar\n"),
    ("continuation with inline comment", P + "command=foo\n  --bar ; c\n  --baz\n"),
    ("continuation with full-line comment", P + "command=foo\n  ; comment\n  --baz\n"),
    ("continuation with col0 comment", P + "command=foo\n; comment\n  --baz\n"),
    ("continuation over blank line", P + "command=foo\n\n  --baz\nuser=bob\n"),
    ("continuation blank at end", P + "command=foo\n  bar\n\n\nuser=bob\n"),
    ("continuation after empty value", P + "command=\n  foo\n  bar\n"),
    ("continuation of quoted", P + 'environment="A"\n  ,"B"\n'),
    ("continuation line looks like key", P + "environment=A=1,\n  B=2,\n  C=3\nuser=x\n"),
    ("continuation of nothing", P + "  k=1\n"),
    ("files multi", "[include]\nfiles = a.conf\n  b.conf ; x\n  c/*.conf\n"),
    ("all keys indented same", P + "  command=foo\n  user=bob\n"),
    ("key deeper than previous", P + "command=foo\n  user=bob\n"),
    ("key shallower", P + "    a=1\n  b=2\nc=3\n"),
    ("deeper then less deep", P + "a=1\n    b\n  c\nd=4\n"),
    ("DEFAULT", "[DEFAULT]\nuser=bob\n" + P + "command=x\n"),
    ("DEFAULT overridden", "[DEFAULT]\nuser=bob\n" + P + "user=x\n[b]\n"),
    ("default lower case", "[default]\nuser=bob\n" + P + "command=x\n"),
    ("no section", "command=x\n"),
    ("no section after comment", "; c\n\ncommand=x\n"),
    ("key without delimiter", P + "command\n"),
    ("empty key =", P + "=v\n"),
    ("empty key :", P + ":v\n"),
    ("error then more", P + "bad\nk=1\n"),
    ("dash key", P + "-=x\n"),
    ("quoted key", P + '"my key"=x\n'),
    ("backtick key", P + "`k`=x\n"),
    ("percent", P + "command=date +%%s %(here)s\n"),
    ("dollar", P + "command=echo $HOME ${X}\n"),
    ("dots", P + "command=sleep 10 ../x\n"),
    ("child section", "[program:a]\nuser=bob\n[program:a.b]\nk=1\n"),
    ("crlf", "[program:a]\r\ncommand=x\r\n  --y\r\nuser=bob\r\n"),
    ("lone CR", P + "command=a\rb\n"),
    ("lone CR between keys", "[program:a]\ra=1\rb=2\r"),
    ("no newline at end", P + "k=v"),
    ("only whitespace", "  \n\t\n"),
    ("empty", ""),
    ("bom", "\ufeff" + P + "command=x\n",
     {"why": "a byte order mark is accepted", "want": {"program:a": {"command": "x"}}}),
    ("utf-8", "[program:\u00e9]\ncommand=\u4e16\u754c\n"),
    ("upper case utf-8 key", P + "\u00c4=x\n"),
    ("long line", P + "command=" + "x" * 70000 + "\nuser=y\n"),
    ("long continuation", LONG),
    ("next line character", P + "k=a\u0085b\n"),
    ("line separator", P + "k=a\u2028b=c\n"),
    ("value of spaces and tabs", P + "k=\t a \t\n"),
    ("key before delimiter spaces", P + "k \t=v\n"),
    ("blank line then key", P + "k=1\n\nl=2\n"),
    ("comment between sections", P + "k=1\n# [b]\n[c]\nl=1\n"),
    ("blank line with spaces in value", P + "k=1\n   \n  2\n"),
]


def read(text):
    p = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")  # as a file opened for text
    try:
        p.read_file(iter(split(lines)), "x")
    except configparser.Error as e:
        return {"error": type(e).__name__}
    return {"want": {s: dict(p.items(s)) for s in p.sections()}}


def split(text):
    parts = text.split("\n")
    last = parts.pop()
    return [p + "\n" for p in parts] + ([last] if last else [])


def main():
    out = []
    for case in CASES:
        c = {"name": case[0], "text": case[1]}
        c.update(read(case[1]))
        if len(case) > 2:
            c["differs"] = case[2]
        out.append(c)
    json.dump(out, sys.stdout, indent=1)
    print()


main()
