#pragma once
// TlsPsk for programs that are started often: muster-tls.so, and OpenSSL with it, is loaded when it
// is needed.

#include <memory>

#include "lib/base/result.h"
#include "lib/loop/tls_psk.h"

namespace loop {

/// The symbol of the module that makes a TlsPsk.
constexpr const char* psk_symbol = "muster_make_psk";
using MakePsk = ShieldMaker* (*)(const PskOptions& options);

/// The module is beside this program, or in ../lib/muster. Errors: not_found, with what is missing.
base::Result<std::shared_ptr<const ShieldMaker>> load_psk(const PskOptions& options);

}  // namespace loop
