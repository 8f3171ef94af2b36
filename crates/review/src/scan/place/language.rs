//! What a file is written in: by its whole name, its extension, or its first line.

use bstr::ByteSlice;

use super::{Language, extension, without_in};

pub(super) fn language(name: &[u8], start: &[u8]) -> Language {
    by_whole_name(name)
        .or_else(|| by_extension(extension(without_in(name))))
        .or_else(|| by_shebang(start))
        .unwrap_or(Language::Other)
}

fn by_whole_name(name: &[u8]) -> Option<Language> {
    let name = without_in(name);
    Some(match name {
        b"makefile" | b"gnumakefile" | b"makefile.am" | b"bsdmakefile" | b"rules" | b"kbuild"
        | b"justfile" => Language::Make,
        b"configure.ac" | b"configure" | b"aclocal.m4" | b"acinclude.m4" | b"config.status" => {
            Language::M4
        }
        b"cmakelists.txt" => Language::CMake,
        b"meson.build" | b"meson_options.txt" | b"meson.options" => Language::Meson,
        b"apkbuild" | b"pkgbuild" | b".envrc" | b".bashrc" | b".profile" | b".bash_profile"
        | b".zshrc" | b"preinst" | b"postinst" | b"prerm" | b"postrm" | b"bootstrap"
        | b"autogen" | b"buildconf" | b"dockerfile" | b"containerfile" => Language::Shell,
        b"sconstruct" | b"sconscript" | b"wscript" | b"build.bazel" | b"build" | b"workspace" => {
            Language::Python
        }
        b"rakefile" | b"gemfile" | b"vagrantfile" => Language::Ruby,
        b"jenkinsfile" => Language::Java,
        b"makefile.pl" | b"build.pl" => Language::Perl,
        _ if name.starts_with(b"makefile.") => Language::Make,
        _ if name.starts_with(b"dockerfile") => Language::Shell,
        _ => return None,
    })
}

fn by_extension(extension: &[u8]) -> Option<Language> {
    Some(match extension {
        b"sh" | b"bash" | b"zsh" | b"ksh" | b"install" | b"preinst" | b"postinst" | b"prerm"
        | b"postrm" | b"pre-install" | b"post-install" | b"pre-upgrade" | b"post-upgrade"
        | b"pre-deinstall" | b"post-deinstall" | b"trigger" | b"spec" | b"ebuild" | b"eclass"
        | b"subr" | b"fish" | b"bats" | b"config" | b"at" => Language::Shell,
        b"mk" | b"mak" | b"am" => Language::Make,
        b"m4" | b"ac" => Language::M4,
        b"cmake" => Language::CMake,
        b"c" | b"h" | b"cc" | b"cpp" | b"cxx" | b"hpp" | b"hh" | b"hxx" | b"inc" | b"m" | b"mm"
        | b"cu" | b"s" | b"asm" | b"y" | b"l" | b"d" | b"zig" | b"vala" => Language::C,
        b"py" | b"pyw" | b"pyx" | b"pxd" | b"pth" | b"gyp" | b"gypi" | b"bzl" => Language::Python,
        b"js" | b"mjs" | b"cjs" | b"ts" | b"mts" | b"cts" | b"jsx" | b"tsx" | b"vue"
        | b"svelte" => Language::JavaScript,
        b"rb" | b"gemspec" | b"rake" | b"ru" => Language::Ruby,
        b"pl" | b"pm" | b"xs" | b"pod" => Language::Perl,
        b"rs" => Language::Rust,
        b"go" => Language::Go,
        b"scm" | b"ss" | b"rkt" | b"el" | b"lisp" | b"cl" | b"clj" | b"nix" => Language::Scheme,
        b"java" | b"kt" | b"kts" | b"scala" | b"groovy" | b"gradle" | b"cs" | b"swift"
        | b"dart" => Language::Java,
        b"php" | b"phtml" | b"inc.php" => Language::Php,
        b"lua" => Language::Lua,
        b"ps1" | b"psm1" | b"bat" | b"cmd" => Language::PowerShell,
        b"yml" | b"yaml" => Language::Yaml,
        b"json" | b"jsonc" | b"json5" => Language::Json,
        b"toml" | b"cfg" | b"ini" | b"conf" => Language::Toml,
        b"xml" | b"html" | b"htm" | b"svg" | b"vcxproj" | b"props" | b"targets" | b"csproj"
        | b"plist" => Language::Xml,
        _ => return None,
    })
}

fn by_shebang(start: &[u8]) -> Option<Language> {
    let line = start.strip_prefix(b"#!")?.lines().next()?;
    let has = |word: &str| line.contains_str(word);
    Some(if has("python") {
        Language::Python
    } else if has("perl") {
        Language::Perl
    } else if has("ruby") {
        Language::Ruby
    } else if has("node") || has("deno") {
        Language::JavaScript
    } else if has("make") {
        Language::Make
    } else if has("guile") || has("scheme") {
        Language::Scheme
    } else if has("lua") {
        Language::Lua
    } else if has("php") {
        Language::Php
    } else if has("sh") {
        Language::Shell
    } else {
        return None;
    })
}
