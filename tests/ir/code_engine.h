#pragma once

#include <memory>
#include <string>

#include "backend/codegen.h"
#include "ir/passes/pipeline.h"
#include "tests/ir/ir_engine.h"

namespace ferry::ir_test {

/// An IrEngine that runs the passes that `options` leaves, compiles with `codegen`, and runs the code between
/// the shared stubs.
std::unique_ptr<IrEngine> make_code_engine(std::string name, std::unique_ptr<backend::Codegen> codegen,
                                           const ir::PipelineOptions& options);

}  // namespace ferry::ir_test
