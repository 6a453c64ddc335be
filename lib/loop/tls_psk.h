#pragma once
// TLS 1.3 between ends that share a secret, without certificates (RFC 8446, section 2.2: external
// PSK). Whoever does not know the secret gets no further than the handshake.

#include <memory>
#include <string>

#include "lib/loop/shield.h"

namespace loop {

struct PskOptions {
  std::string identity;  // says which secret is meant; goes over the wire in the clear
  std::string secret;    // the key is made from it
};

class TlsPsk : public ShieldMaker {
 public:
  explicit TlsPsk(const PskOptions& options);
  ~TlsPsk() override;

  std::unique_ptr<Shield> make_client() const override;
  std::unique_ptr<Shield> make_server() const override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace loop
