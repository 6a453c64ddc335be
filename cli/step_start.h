#pragma once
// Asks the controller for a step inside a running job.

#include <cstdint>

#include "cli/api.h"
#include "cli/problem.h"
#include "lib/base/result.h"
#include "lib/loop/patient_connector.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/record.h"
#include "lib/wire/api.h"

namespace cli {

/// The record of a job that has started. Refused for one that has not, with where to ask why.
Try<model::JobRecord> started_job(const Api& api, const JobName& job);

/// Where the step's head is, as this process reaches it. Asked once: the step may run after an
/// answer that was lost. But one that wants cores of its own waits for those that others have.
Try<wire::StepReply> start_step(const Api& api, model::JobId job, std::uint32_t attempt,
                                model::StepSpec step);

model::LaunchKey key_of(const wire::StepReply& reply);

/// A socket of this machine, or TLS to another one, whose key is made from the step's secret.
base::Result<loop::PatientConnector::Options> way_to_head(const wire::StepReply& reply);

}  // namespace cli
