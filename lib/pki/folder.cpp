#include "lib/pki/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/secret.h"
#include "lib/pki/token.h"

namespace pki {

namespace {

using base::Code;
using base::fail;

constexpr std::size_t file_limit = std::size_t{16} << 20;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t most_certificates = 4;  // of a node that are good at a time
constexpr std::size_t most_invitations = 4;   // likewise
constexpr mode_t for_owner = 0600;
constexpr auto authority_life = std::chrono::days(3650);
constexpr auto controller_life = std::chrono::days(365);

/// Held while something here changes; waits for whoever else changes something.
base::Result<loop::OwnedFd> lock(const std::string& folder) {
  const auto path = folder + "/lock";
  loop::OwnedFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, for_owner));
  if (!file || ::flock(file.get(), LOCK_EX) != 0) {
    return base::fail_errno(errno, "cannot lock '" + path + "'");
  }
  return file;
}

base::Result<void> write(const std::string& path, const std::string& text) {
  return loop::write_file_atomic(path, text, {.mode = for_owner, .sync = true});
}

base::Result<std::string> read(const std::string& path) {
  return loop::read_file(path, file_limit);
}

std::string hash_of(const std::string& secret) {
  return loop::hmac_sha256_hex("muster node add", secret);
}

std::string number(base::Time time) {
  return std::to_string(base::to_us(time));
}

std::optional<base::Time> time_of(std::string_view text) {
  const auto us = base::parse_int(text, 0, INT64_MAX);
  return us ? std::optional(base::time_from_us(*us)) : std::nullopt;
}

std::string text_of(const Member& member) {
  std::string text = "pool " + member.pool + "\nlife " + std::to_string(member.life.count()) + "\n";
  for (const auto& each : member.invitations)
    text += "invited " + each.secret_hash + " " + number(each.until) + "\n";
  if (member.used) {
    text += "used " + member.used->secret_hash + " " + member.used->request_hash + " " +
            number(member.used->until) + "\n";
  }
  for (const auto& each : member.certificates) {
    text += "certificate " + each.serial + " " + number(each.until) + "\n";
  }
  return text;
}

/// One line of a member's file; false: it makes no sense.
bool take_line(Member& member, const std::vector<std::string_view>& words) {
  if (words.size() == 2 && words[0] == "pool") {
    member.pool = words[1];
    return true;
  }
  if (words.size() == 2 && words[0] == "life") {
    const auto us = base::parse_int(words[1], 1, INT64_MAX);
    member.life = base::Duration(us.value_or(0));
    return us.has_value();
  }
  if (words.size() == 4 && words[0] == "used") {
    const auto until = time_of(words[3]);
    if (until) member.used = Used{std::string(words[1]), std::string(words[2]), *until};
    return until.has_value();
  }
  const auto until = words.size() == 3 ? time_of(words[2]) : std::nullopt;
  if (!until) return false;
  if (words[0] == "invited") {
    member.invitations.push_back({std::string(words[1]), *until});
  } else if (words[0] == "certificate") {
    member.certificates.push_back({std::string(words[1]), *until});
  } else {
    return false;
  }
  return true;
}

/// Lines "SERIAL NAME UNTIL AT" of the file of what was revoked.
base::Result<std::vector<Revoked>> read_revoked(const std::string& path, base::Time now) {
  const auto text = read(path);
  if (!text) return std::unexpected(text.error());
  std::vector<Revoked> revoked;
  for (const auto line : base::split(*text, '\n')) {
    if (line.empty()) continue;
    const auto words = base::split(line, ' ');
    const auto until = words.size() == 4 ? time_of(words[2]) : std::nullopt;
    const auto at = words.size() == 4 ? time_of(words[3]) : std::nullopt;
    if (!until || !at) {
      return fail(Code::corrupt, path + ": '" + base::printable(line) + "' makes no sense");
    }
    if (*until > now) revoked.push_back({std::string(words[0]), *at});
  }
  return revoked;
}

/// Certificates that are over need no word that they are revoked.
void forget_expired(std::string& revoked, base::Time now) {
  std::string kept;
  for (const auto line : base::split(revoked, '\n')) {
    const auto parts = base::split(line, ' ');
    if (parts.size() != 4) continue;
    const auto until = time_of(parts[2]);
    if (until && *until <= now) continue;
    kept.append(line).push_back('\n');
  }
  revoked = std::move(kept);
}

/// Whether it is the request that has used the secret.
bool is_repeated(const Member& member, const std::string& secret_hash, const std::string& request,
                 base::Time now) {
  return member.used && member.used->until > now &&
         loop::equal_constant_time(member.used->secret_hash, secret_hash) &&
         member.used->request_hash == hash_of(request);
}

}  // namespace

bool Folder::exists() const {
  return ::access((path_ + "/authority.crt").c_str(), F_OK) == 0;
}

base::Result<void> Folder::create(const std::string& cluster, base::Time now) {
  if (::access(path_.c_str(), F_OK) == 0) {
    return fail(Code::conflict, "'" + path_ + "' is there already");
  }
  // Made beside it and then renamed: who is killed in between leaves nothing that looks like one.
  Folder made(path_ + ".new");
  if (auto removed = loop::remove_tree(made.path_, std::filesystem::path(path_).parent_path());
      !removed)
    return removed;
  if (auto filled = made.fill(cluster, now); !filled) return filled;
  if (std::rename(made.path_.c_str(), path_.c_str()) != 0)
    return base::fail_errno(errno, "cannot rename '" + made.path_ + "' to '" + path_ + "'");
  return {};
}

base::Result<void> Folder::fill(const std::string& cluster, base::Time now) {
  if (auto made = loop::make_directories(path_ + "/nodes", 0700); !made) return made;
  const auto key = make_key();
  const auto certificate =
      make_authority(key, cluster, {.from = now - clock_skew, .until = now + authority_life});
  if (!certificate) return std::unexpected(certificate.error());
  if (auto made = make_controller({*certificate, key}, now); !made) return made;
  if (auto kept = write(path_ + "/revoked", ""); !kept) return kept;
  if (auto kept = write(path_ + "/authority.key", key); !kept) return kept;
  if (auto kept = write(path_ + "/authority.crt", *certificate); !kept) return kept;
  return touch();
}

base::Result<void> Folder::touch() {
  return write(changed_file(), loop::random_hex(8) + "\n");
}

/// Certificate and key in one file, so that they always fit each other.
base::Result<void> Folder::make_controller(const Authority& authority, base::Time now) {
  const auto key = make_key();
  const auto request = make_request(key, "controller");
  if (!request) return std::unexpected(request.error());
  const auto certificate =
      sign_request(authority, *request, {.name = "controller", .role = Role::controller},
                   {.from = now - clock_skew, .until = now + controller_life});
  if (!certificate) return std::unexpected(certificate.error());
  return write(path_ + "/controller.pem", *certificate + key);
}

base::Result<Authority> Folder::authority() const {
  auto certificate = read(path_ + "/authority.crt");
  if (!certificate) return std::unexpected(certificate.error());
  auto key = read(path_ + "/authority.key");
  if (!key) return std::unexpected(key.error());
  return Authority{*std::move(certificate), *std::move(key)};
}

base::Result<std::string> Folder::authority_fingerprint() const {
  const auto text = read(path_ + "/authority.crt");
  if (!text) return std::unexpected(text.error());
  const auto certificate = read_certificate(*text);
  if (!certificate) return std::unexpected(certificate.error());
  return certificate->fingerprint;
}

base::Result<Member> Folder::member(const std::string& name) const {
  if (!is_node_name(name)) {
    return fail(Code::invalid, "'" + base::printable(name) +
                                   "' is not a node name; expected letters, digits, '-', '_', '.'");
  }
  const auto text = read(member_file(name));
  if (!text && text.error().code == Code::not_found) {
    return fail(Code::not_found, "there is no node '" + name + "' that may join");
  }
  if (!text) return std::unexpected(text.error());
  Member member{.name = name, .pool = {}, .life = {}, .invitations = {}, .certificates = {}};
  for (const auto line : base::split(*text, '\n')) {
    if (!line.empty() && !take_line(member, base::split(line, ' '))) {
      return fail(Code::corrupt,
                  member_file(name) + ": '" + base::printable(line) + "' makes no sense");
    }
  }
  return member;
}

base::Result<std::vector<Member>> Folder::members() const {
  std::vector<Member> members;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/nodes", error)) {
    const auto name = entry.path().filename().string();
    if (!is_node_name(name) || name.contains(".tmp.")) continue;  // of a change going on
    auto found = member(name);
    if (!found && found.error().code == Code::not_found) continue;  // just removed
    if (!found) found = Member{.name = name, .trouble = found.error().text};
    members.push_back(*std::move(found));
  }
  if (error) return fail(Code::io, "cannot read '" + path_ + "/nodes': " + error.message());
  std::ranges::sort(members, {}, &Member::name);
  return members;
}

base::Result<void> Folder::keep(const Member& member) {
  if (auto kept = write(member_file(member.name), text_of(member)); !kept) return kept;
  return touch();
}

base::Result<std::string> Folder::invite(const Member& asked, base::Time until) {
  if (asked.name.contains(".tmp."))
    return fail(Code::invalid, "'" + asked.name + "': names of nodes do not have '.tmp.' in them");
  const auto locked = lock(path_);
  if (!locked) return std::unexpected(locked.error());
  const auto known = member(asked.name);
  if (!known && known.error().code != Code::not_found) return std::unexpected(known.error());
  Member invited = asked;
  if (known) invited.certificates = known->certificates;
  return keep_invited(std::move(invited), until);
}

base::Result<std::string> Folder::invite_also(const Member& asked, base::Time until) {
  const auto locked = lock(path_);
  if (!locked) return std::unexpected(locked.error());
  auto known = member(asked.name);
  if (!known && known.error().code != Code::not_found) return std::unexpected(known.error());
  Member invited = asked;
  if (known) {
    invited.certificates = std::move(known->certificates);
    invited.invitations = std::move(known->invitations);
    while (invited.invitations.size() >= most_invitations)
      invited.invitations.erase(invited.invitations.begin());
  }
  return keep_invited(std::move(invited), until);
}

base::Result<std::string> Folder::keep_invited(Member invited, base::Time until) {
  auto secret = loop::random_hex(secret_bytes);
  invited.invitations.push_back({hash_of(secret), until});
  if (auto kept = keep(invited); !kept) return std::unexpected(kept.error());
  return secret;
}

base::Result<Admission> Folder::issue(Member member, const std::string& request, base::Time now) {
  const auto signer = authority();
  if (!signer) return std::unexpected(signer.error());
  const Validity validity{.from = now - clock_skew, .until = now + member.life};
  auto certificate =
      sign_request(*signer, request, {.name = member.name, .role = Role::node}, validity);
  if (!certificate) return std::unexpected(certificate.error());
  const auto made = read_certificate(*certificate);
  if (!made) return std::unexpected(made.error());
  std::erase_if(member.certificates, [now](const auto& each) { return each.until <= now; });
  while (member.certificates.size() >= most_certificates)
    member.certificates.erase(member.certificates.begin());
  member.certificates.push_back({made->serial, validity.until});
  if (auto kept = keep(member); !kept) return std::unexpected(kept.error());
  return Admission{*std::move(certificate), signer->certificate, member.pool};
}

base::Result<Admission> Folder::admit(const std::string& name, const std::string& secret,
                                      const std::string& request, base::Time now) {
  const auto locked = lock(path_);
  if (!locked) return std::unexpected(locked.error());
  auto invited = member(name);
  const Invitation* invitation = nullptr;
  const auto hash = hash_of(secret);
  if (invited) {
    for (const auto& each : invited->invitations) {
      if (loop::equal_constant_time(each.secret_hash, hash)) invitation = &each;
    }
  }
  if (invitation == nullptr && invited && is_repeated(*invited, hash, request, now))
    return issue(*std::move(invited), request, now);
  // The same words for whatever is wrong with it: a stranger learns no names.
  if (invitation == nullptr) {
    return fail(Code::denied,
                "the token is not good, or was used already; make one with: muster node add");
  }
  if (invitation->until <= now) {
    return fail(Code::denied, "the token was good until " + base::to_text(invitation->until) +
                                  "; make another with: muster node add");
  }
  invited->used = Used{hash, hash_of(request), invitation->until};
  invited->invitations.clear();
  return issue(*std::move(invited), request, now);
}

base::Result<Admission> Folder::renew(const std::string& name, const std::string& serial,
                                      const std::string& request, base::Time now) {
  const auto locked = lock(path_);
  if (!locked) return std::unexpected(locked.error());
  auto known = member(name);
  if (!known) return std::unexpected(known.error());
  if (std::ranges::find(known->certificates, serial, &Issued::serial) ==
      known->certificates.end()) {
    return fail(Code::denied, "the certificate of '" + name + "' is not one of those given to it");
  }
  return issue(*std::move(known), request, now);
}

base::Result<void> Folder::remove(const std::string& name, base::Time now) {
  const auto locked = lock(path_);
  if (!locked) return std::unexpected(locked.error());
  const auto known = member(name);
  if (!known) return std::unexpected(known.error());
  auto revoked = read(path_ + "/revoked");
  if (!revoked) return std::unexpected(revoked.error());
  forget_expired(*revoked, now);
  for (const auto& each : known->certificates) {
    *revoked += each.serial + " " + name + " " + number(each.until) + " " + number(now) + "\n";
  }
  if (auto kept = write(path_ + "/revoked", *revoked); !kept) return kept;
  // Should the removal of the file not outlive a crash, nothing in it is good.
  if (auto kept = write(member_file(name), text_of({.name = name, .pool = known->pool})); !kept)
    return kept;
  if (::unlink(member_file(name).c_str()) != 0) {
    return base::fail_errno(errno, "cannot remove '" + member_file(name) + "'");
  }
  return touch();
}

base::Result<bool> Folder::renew_controller(base::Time now) {
  const auto text = read(path_ + "/controller.pem");
  if (!text) return std::unexpected(text.error());
  const auto certificate = read_certificate(*text);
  if (!certificate) return std::unexpected(certificate.error());
  const bool is_of_the_future = now < certificate->validity.from;  // made by a clock that was wrong
  if (!is_of_the_future && !is_to_renew(certificate->validity, now)) return false;
  const auto signer = authority();
  if (!signer) return std::unexpected(signer.error());
  const auto own = read_certificate(signer->certificate);
  if (!own) return std::unexpected(own.error());
  if (now < own->validity.from || now >= own->validity.until) {
    return fail(Code::conflict, "the authority of the cluster is good from " +
                                    base::to_text(own->validity.from) + " until " +
                                    base::to_text(own->validity.until) +
                                    ", and this machine's clock says " + base::to_text(now));
  }
  if (auto made = make_controller(*signer, now); !made) return std::unexpected(made.error());
  return true;
}

base::Result<loop::TlsOptions> Folder::controller_options(base::Time now) const {
  const auto signer = authority();
  if (!signer) return std::unexpected(signer.error());
  const auto own = read(path_ + "/controller.pem");
  if (!own) return std::unexpected(own.error());
  const auto revoked = read_revoked(path_ + "/revoked", now);
  if (!revoked) return std::unexpected(revoked.error());
  const auto authority_made = read_certificate(signer->certificate);
  if (!authority_made) return std::unexpected(authority_made.error());
  // It never leaves this process: a clock that is set must not make it useless.
  auto list = make_revocation_list(*signer, *revoked, authority_made->validity);
  if (!list) return std::unexpected(list.error());
  return loop::TlsOptions{.certificate = *own + signer->certificate,
                          .key = *own,
                          .authority = signer->certificate,
                          .revoked = *std::move(list),
                          .authority_fingerprint = {},
                          .protocol = agent_protocol,
                          .open_protocol = join_protocol,
                          .more_protocols = {api_protocol}};
}

}  // namespace pki
