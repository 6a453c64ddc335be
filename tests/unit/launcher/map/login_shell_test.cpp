#include "launcher/map/login_shell.h"

#include "tests/support/catch.h"

TEST_CASE("a bash that behaves as after a login is known by its line") {
  for (const auto* line : {"#!/bin/bash -l", "#!/bin/bash --login", "#! /usr/bin/bash -xl",
                           "#!/usr/bin/env -S bash -l", "#!/bin/bash -l\necho"}) {
    INFO(line);
    CHECK(mapping::is_for_login_bash(line));
  }
  for (const auto* line : {"#!/bin/bash", "#!/bin/bash -x", "#!/bin/sh -l", "#!/bin/bash --posix",
                           "#!/usr/bin/env bash\n# -l", "echo bash -l", ""}) {
    INFO(line);
    CHECK_FALSE(mapping::is_for_login_bash(line));
  }
}

TEST_CASE("what it reads afterwards puts the folders in front, and leaves BASH_ENV as it was") {
  CHECK(mapping::after_login("/opt/it's/bin:/opt/bin", {}) ==
        "PATH='/opt/it'\\''s/bin:/opt/bin'${PATH:+:$PATH}\nexport PATH\nunset BASH_ENV\n");
  CHECK(mapping::after_login("/bin", {{"BASH_ENV", "/usr/share/modules/init/bash"}}) ==
        "PATH='/bin'${PATH:+:$PATH}\nexport PATH\nBASH_ENV='/usr/share/modules/init/bash'\n"
        "[ ! -r \"$BASH_ENV\" ] || . \"$BASH_ENV\"\n");
}
