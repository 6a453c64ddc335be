#pragma once
// What muster-authority does: each command is given its words and says how it went.

#include <string>

#include "authority/words.h"
#include "lib/base/result.h"

namespace authority {

/// What to print, to the end of the last line.
using Outcome = base::Result<std::string>;

// On the controller's machine.
Outcome init(const Words& words);
Outcome add(const Words& words);
Outcome remove(const Words& words);
Outcome list(const Words& words);

// On a machine that joins.
Outcome join(const Words& words);

}  // namespace authority
