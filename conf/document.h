#pragma once
// The documents that are made from conf/keys.def, and how a generated part sits in a page.

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace conf {

/// conf/muster.toml.sample: every key with its meaning, commented out at its default.
std::string sample_text();

/// The description of all keys for muster.toml(5), in mdoc.
std::string manual_keys();

/// `page` with the lines between `.\" Generated` and `.\" End of generated` replaced by `part`.
/// errors: invalid when the page does not have these two lines once each, in this order
base::Result<std::string> with_generated_part(std::string_view page, std::string_view part);

/// Plain text as lines of mdoc: a new one for each sentence, none above 80 bytes, nothing taken for
/// a macro or an escape.
std::string mdoc_text(std::string_view text);

}  // namespace conf
