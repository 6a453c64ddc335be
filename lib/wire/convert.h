#pragma once
// Conversions between the model and the generated messages of model.proto, for the .cpp files of
// this folder. Reading moves text out of the message.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/undying.h"
#include "lib/wire/model.pb.h"
#include "lib/wire/strict.h"

namespace wire {

namespace pb = ::muster::wire;

void write(const model::LaunchKey& key, pb::LaunchKey& out);
void write(const model::JobSpec& spec, pb::JobSpec& out);
void write(const model::StepSpec& spec, pb::StepSpec& out);
void write(const model::LaunchOrder& order, pb::LaunchOrder& out);
void write(const model::LaunchReport& report, pb::LaunchReport& out);
void write(const model::Outcome& outcome, pb::Outcome& out);

model::LaunchKey read_key(pb::LaunchKey& in, Strict& strict);
model::JobSpec read_job_spec(pb::JobSpec& in, Strict& strict);
model::StepSpec read_step_spec(pb::StepSpec& in, Strict& strict);
model::LaunchOrder read_order(pb::LaunchOrder& in, Strict& strict);
model::LaunchReport read_report(pb::LaunchReport& in, Strict& strict);

/// Fills `message` from bytes; errors: corrupt.
base::Result<void> parse(std::string_view bytes, std::string_view what,
                         google::protobuf::MessageLite& message);

/// The bytes of a message.
std::string serialize(const google::protobuf::MessageLite& message);

void write(const model::StepShare& share, pb::StepShare& out);
model::StepShare read_step_share(pb::StepShare& in, Strict& strict);
void write(const model::Undying& undying, pb::Undying& out);
model::Undying read_undying(pb::Undying& in, Strict& strict);

}  // namespace wire
