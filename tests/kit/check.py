"""Checks the PowerShell texts of the collector kit; called by tests/kit/grammar with the path of the program."""

import html
import re
import subprocess
import sys
from pathlib import Path

import tree_sitter_powershell
from tree_sitter import Language, Parser

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "static" / "kit"
FIXES = ROOT / "server" / "domain" / "assess" / "fixes" / "files"
COLLECTION = ROOT / "static" / "collection" / "collection.ps1"
RECIPES = ROOT / "static" / "recipes"
FEEDS = ROOT / "tests" / "feeds" / "kit"
PARSER = Parser(Language(tree_sitter_powershell.language()))

# What PowerShell after 2.0, or .NET after 2.0, brought; the script has to run without.
LATER = {
    "ConvertTo-Json and its kin": r"\bConvert(To|From)-Json\b",
    "Invoke-WebRequest, Invoke-RestMethod": r"\bInvoke-(WebRequest|RestMethod)\b",
    "[ordered]": r"\[ordered\]",
    "[pscustomobject]": r"\[pscustomobject\]",
    "-in, -notin": r"\s-(not)?in\s",
    "-shl, -shr": r"\s-sh[lr]\s",
    "$PSItem": r"\$PSItem\b",
    "$PSScriptRoot": r"\$PSScriptRoot\b",
    "a class or an enum": r"^\s*(class|enum)\s+\w+\s*\{",
    "::new()": r"::new\(",
    "#requires": r"#requires",
    "using": r"^\s*using\s+(namespace|module|assembly)\b",
    "a ternary operator": r"\s\?\s[^{].*\s:\s",
    "null-coalescing": r"\?\?|\$\{\w+\}\?[.\[]",
    "&& and ||": r"&&|\|\|",
    "Get-Content -Raw": r"-Raw\b",
    "Get-ChildItem -File, -Directory": r"\bGet-ChildItem\b.*-(File|Directory)\b",
    "Where-Object without a block": r"\b(Where-Object|\?)\s+[A-Za-z]",
    "ForEach-Object with a member": r"\bForEach-Object\s+[A-Za-z]",
    ".Where(), .ForEach()": r"\.(Where|ForEach)\(",
    "IsNullOrWhiteSpace": r"IsNullOrWhiteSpace",
    "Is64BitProcess": r"Is64Bit(Process|OperatingSystem)",
    "Rename-Item -LiteralPath": r"\bRename-Item\b.*-LiteralPath\b",
}

# What a script that mends must not do either: run text from elsewhere, empty a key, or go on after an error.
NEVER_MENDING = ("Invoke-Expression", "Set-ExecutionPolicy", "downloaded code", "Start-Job, Register-*")

# The cmdlets that the script for collections may use of Configuration Manager; no other can add, change or remove anything.
MAY = {
    "Get-CMDeviceCollection", "Get-CMDeviceCollectionDirectMembershipRule", "New-CMDeviceCollection",
    "Add-CMDeviceCollectionDirectMembershipRule", "Remove-CMDeviceCollectionDirectMembershipRule",
}  # fmt: skip

# What came after Windows PowerShell 5.1.
AFTER_5_1 = ("a ternary operator", "null-coalescing", "&& and ||")

# What writes anywhere but to the report, or runs text that came from elsewhere.
NEVER = {
    "Set-ItemProperty and its kin": r"\b(Set|New|Remove|Clear|Rename|Copy|Move)-ItemProperty\b",
    "a registry drive": r"\bHK(LM|CU|CR|U):",
    "Set-Item, Remove-Item, Clear-Item": r"\b(Set|Remove|Clear)-Item\b",
    "a service or a process": r"\b(Set|New|Start|Stop|Restart|Suspend|Resume|Remove)-(Service|Process|Computer)\b",
    "reg.exe that writes": r"\breg(\.exe)?\W+(add|delete|import|copy|restore|load|unload)\b",
    "sc, net, schtasks, wmic, netsh": r"(^|[;&|]\s*)(sc|net|schtasks|wmic|netsh|bcdedit|secedit)(\.exe)?\s",
    "the writing side of the registry provider": r"'(Set\w+Value|CreateKey|Delete(Key|Value))'",
    "the writing side of RegistryKey": r"\.(SetValue|CreateSubKey|DeleteSubKey|DeleteSubKeyTree|DeleteValue|SetAccessControl)\(",
    "OpenSubKey for writing": r"OpenSubKey\([^)]*\$true",
    "RegSetValue and its kin": r"\bReg(SetValue|CreateKey|DeleteKey|DeleteValue)",
    "Invoke-Expression": r"\b(Invoke-Expression|iex)\b",
    "Set-ExecutionPolicy": r"\bSet-ExecutionPolicy\b",
    "downloaded code": r"\b(DownloadString|DownloadFile|FromBase64String(?!\(\$SigningKey\))|EncodedCommand)\b",
    "Start-Job, Register-*": r"\b(Start-Job|Register-\w+)\b",
    "Set-WmiInstance, Invoke-WmiMethod and CIM": r"\b(Set-WmiInstance|Remove-WmiObject|Invoke-WmiMethod|(Set|New|Remove)-CimInstance|Invoke-CimMethod)\b",
}

problems = []


def faults(source: bytes) -> list[str]:
    """Places that the grammar does not understand."""
    found = []
    waiting = [PARSER.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            line, column = node.start_point
            text = source[node.start_byte : node.end_byte][:60]
            kind = "missing" if node.is_missing else "not understood"
            found.append(f"line {line + 1}, column {column + 1}: {kind}: {text!r}")
        waiting.extend(node.children)
    return found


def code_only(text: str) -> str:
    """The text without comments, and without the C# that Add-Type compiles; lines stay where they are."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"<#.*?#>", blank, text, flags=re.S)
    text = re.sub(r"(?<=@')\n.*?\n(?='@)", blank, text, flags=re.S)
    return re.sub(r"(?m)^\s*#.*$", blank, text)


def named(rules: dict[str, str], text: str) -> list[str]:
    found = []
    for what, pattern in rules.items():
        for match in re.finditer(pattern, text, flags=re.M | re.I):
            found.append(f"line {text.count(chr(10), 0, match.start()) + 1}: {what}: {match.group().strip()!r}")
    return found


def check(name: str, condition: bool, detail: str) -> None:
    if not condition:
        problems.append(f"{name}: {detail}")


def scripts() -> list[Path]:
    return sorted(KIT.glob("*.ps1"))


def blocks() -> list[tuple[str, bytes]]:
    """Every PowerShell block of the pages, as a reader copies it."""
    found = []
    for page in sorted((ROOT / "templates").rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for number, match in enumerate(re.finditer(r'<code class="powershell">(.*?)</code>', text, flags=re.S), 1):
            code = re.sub(r"\{\{.*?\}\}", "https://cutover.corp.example:8443", match.group(1))
            found.append((f"{page.relative_to(ROOT)}, block {number}", html.unescape(code).encode()))
    return found


def controls(source: str) -> None:
    """Broken copies must be found; otherwise a clean result says nothing."""
    broken = {
        "a missing bracket": source.replace("function Get-ObjectText($Pairs) {", "function Get-ObjectText($Pairs) ", 1),
        "@( for @{": source.replace("return @{ Name = $Name;", "return @( Name = $Name;", 1),
        "on for in": source.replace("foreach ($key in $keys) {", "foreach ($key on $keys) {", 1),
        "an open text": source.replace("$version = '1.0.0'", "$version = '1.0.0", 1),
        "an operator without a right side": source.replace("if ($null -eq $key) {", "if ($null -eq) {", 1),
    }
    for what, text in broken.items():
        check("control", text != source, f"the script no longer has the place for {what}")
        check("control", bool(faults(text.encode())), f"{what} was not found")
    planted = {
        "LATER": (LATER, ["$x | ConvertTo-Json", "$a -in $b", "[ordered] @{}", "$x = [guid]::new()", "$c ? 1 : 2", "$a ?? $b"]),
        "NEVER": (NEVER, ["Set-ItemProperty -Path x", "reg add HKLM\\x", "Get-Item HKLM:\\x", "iex $x", "Stop-Service x", "$k.SetValue('a', 1)"]),
    }
    for name, (rules, lines) in planted.items():
        for line in lines:
            check("control", bool(named(rules, line)), f"{name} does not find {line!r}")


def collection() -> None:
    """The script that makes a collection, with the list that stands in it, and with one full of what names may hold."""
    name, raw = COLLECTION.name, COLLECTION.read_bytes()
    check(name, raw.isascii() and b"\t" not in raw, "there are tabs or characters outside ASCII")
    text = raw.decode("ascii").replace("\r\n", "\n")
    before, rest = text.split("# <list>\n")
    _, after = rest.split("# </list>\n")
    hostile = "$listText = @'\n16777219\n'@\n$withoutNames = @(\n    'it''s $(x) \u2019\u2019;y',\n    'B\u00fcro `\"@ #'\n)\n"
    for what, source in ((name, text), (f"{name} with hostile names", before + hostile + after)):
        for fault in faults(source.encode()):
            problems.append(f"{what}: {fault}")
    check("control", bool(faults((before + hostile).rstrip(")\n").encode())), "a script that was cut off was not found")
    code = code_only(text)
    after_5_1 = {what: LATER[what] for what in AFTER_5_1}
    never = {what: NEVER[what] for what in (*NEVER_MENDING, "Set-WmiInstance, Invoke-WmiMethod and CIM")}
    for found in named(after_5_1, code) + named(never, code):
        problems.append(f"{name}: {found}")
    used = set(re.findall(r"\b[A-Z][a-z]+-CM\w+", code))
    check(name, used == MAY, f"it uses other cmdlets than it may: {used ^ MAY}")
    applied = code.index("if (-not $Apply)")
    for word in ("New-CMDeviceCollection ", "Invoke-Change $to"):
        check(name, code.index(word) > applied, f"{word.strip()} stands before the question whether to apply")


def main(program: str) -> int:
    check("kit", bool(scripts()), "there is no script")
    for path in scripts():
        raw = path.read_bytes()
        name = path.name
        check(name, raw.isascii(), "there are characters outside ASCII")
        check(name, raw.count(b"\r\n") == raw.count(b"\n") > 0, "a line does not end with CRLF")
        check(name, b"\r" not in raw.replace(b"\r\n", b""), "a lone carriage return")
        check(name, raw.endswith(b"\r\n") and not raw.endswith(b"\r\n\r\n"), "it does not end with one line end")
        check(name, b"\t" not in raw, "there is a tab")
        for fault in faults(raw):
            problems.append(f"{name}: {fault}")
        code = code_only(raw.decode("ascii").replace("\r\n", "\n"))
        for found in named(LATER, code) + named(NEVER, code):
            problems.append(f"{name}: {found}")
        # Get-WmiObject and Get-CimInstance exist in some versions only, so each stands behind a question.
        for word in ("Get-CimInstance", "Get-WmiObject"):
            uses = len(re.findall(rf"^\s*{word}\b", code, flags=re.M))
            check(name, uses <= 1, f"{word} is called in {uses} places; call Get-Instance instead")
        check(name, "SupportsShouldProcess" in code, "-WhatIf is not supported")
    controls((KIT / "cutover-collect.ps1").read_text(encoding="ascii").replace("\r\n", "\n"))

    mending = sorted(FIXES.glob("*.ps1"))
    check("fixes", len(mending) >= 8, f"only {len(mending)} scripts were found")
    for path in mending:
        raw, name = path.read_bytes(), f"fixes/{path.name}"
        check(name, raw.isascii() and b"\t" not in raw, "there are tabs or characters outside ASCII")
        for fault in faults(raw):
            problems.append(f"{name}: {fault}")
        code = code_only(raw.decode("ascii").replace("\r\n", "\n"))
        never = {what: NEVER[what] for what in NEVER_MENDING}
        for found in named(LATER, code) + named(never, code):
            problems.append(f"{name}: {found}")
        if named({"writes": r"\b(New|Remove|Set)-Item(Property)?\b|wusa|shutdown"}, code):
            check(name, "SupportsShouldProcess" in code, "-WhatIf is not supported")
            check(name, "$PSCmdlet.ShouldProcess(" in code, "-WhatIf is not asked for")
        if re.search(r"\bNew-Item\b", code):
            check(name, "PROCESSOR_ARCHITEW6432" in code, "a 32-bit PowerShell would write to the wrong view")
            guarded = re.search(r"if \(-not \(Test-Path[^\n]*\n[^}]*\bNew-Item\b", code)
            check(name, bool(guarded), "New-Item -Force on a key that is there empties it")

    collection()
    for path in sorted(RECIPES.glob("*.ps1")):
        raw = path.read_bytes()
        check(path.name, raw.isascii(), "there are characters outside ASCII")
        for fault in faults(raw):
            problems.append(f"{path.name}: {fault}")
        after = {what: LATER[what] for what in AFTER_5_1}
        for found in named(after, code_only(raw.decode("ascii"))):
            problems.append(f"{path.name}: {found}")

    texts = blocks()
    check("pages", len(texts) >= 5, f"only {len(texts)} PowerShell blocks were found")
    for name, code in texts:
        check(name, code.isascii(), "there are characters outside ASCII")
        for fault in faults(code + b"\n"):
            problems.append(f"{name}: {fault}")

    for path in sorted(KIT.iterdir()):
        raw = path.read_bytes()
        check(path.name, raw.count(b"\r\n") == raw.count(b"\n"), "a line does not end with CRLF")

    worst = (FEEDS / "compact-worst-case.json").read_text(encoding="ascii").rstrip("\n")
    stored = len(worst) + worst.count('"') + worst.count("\\")
    check("compact", stored < 4000, f"the worst case has {stored} characters as Configuration Manager stores it")
    answer = subprocess.run(
        [program, "assess", "--format", "json", str(FEEDS / "compact-worst-case.json")],
        capture_output=True, text=True, check=False,
    )
    check("compact", answer.returncode == 0, f"cutover assess refuses it: {answer.stdout}{answer.stderr}")
    check("compact", '"standing":' in answer.stdout, f"cutover assess says nothing: {answer.stdout}")

    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(scripts())} script, {len(texts)} blocks on pages: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
