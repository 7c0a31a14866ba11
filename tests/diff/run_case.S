// Loads all registers from a DiffCase, runs the code under test, and stores them into diff_result. x29 and x30 are the
// only registers that the code under test leaves alone.
#define SP 232
#define NZCV 240
#define FPSR 248
#define V 256
#define FPCR 768

.text
.global run_case
run_case:
  stp x29, x30, [sp, #-160]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  adrp x1, diff_saved_sp
  add x1, x1, :lo12:diff_saved_sp
  mov x2, sp
  str x2, [x1]
  mov x30, x0
  ldr x1, [x30, #FPCR]
  msr fpcr, x1
  ldr x1, [x30, #FPSR]
  msr fpsr, x1
  ldr x1, [x30, #NZCV]
  msr nzcv, x1
  ldr x1, [x30, #SP]
  mov sp, x1
  add x29, x30, #V
  ld1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x29], #64
  ld1 {v4.2d, v5.2d, v6.2d, v7.2d}, [x29], #64
  ld1 {v8.2d, v9.2d, v10.2d, v11.2d}, [x29], #64
  ld1 {v12.2d, v13.2d, v14.2d, v15.2d}, [x29], #64
  ld1 {v16.2d, v17.2d, v18.2d, v19.2d}, [x29], #64
  ld1 {v20.2d, v21.2d, v22.2d, v23.2d}, [x29], #64
  ld1 {v24.2d, v25.2d, v26.2d, v27.2d}, [x29], #64
  ld1 {v28.2d, v29.2d, v30.2d, v31.2d}, [x29], #64
  ldp x0, x1, [x30]
  ldp x2, x3, [x30, #16]
  ldp x4, x5, [x30, #32]
  ldp x6, x7, [x30, #48]
  ldp x8, x9, [x30, #64]
  ldp x10, x11, [x30, #80]
  ldp x12, x13, [x30, #96]
  ldp x14, x15, [x30, #112]
  ldp x16, x17, [x30, #128]
  ldp x18, x19, [x30, #144]
  ldp x20, x21, [x30, #160]
  ldp x22, x23, [x30, #176]
  ldp x24, x25, [x30, #192]
  ldp x26, x27, [x30, #208]
  ldr x28, [x30, #224]
  clrex
  mov x30, #0x20000000
  br x30
.global diff_done
diff_done:
  adrp x30, diff_result
  add x30, x30, :lo12:diff_result
  stp x0, x1, [x30]
  stp x2, x3, [x30, #16]
  stp x4, x5, [x30, #32]
  stp x6, x7, [x30, #48]
  stp x8, x9, [x30, #64]
  stp x10, x11, [x30, #80]
  stp x12, x13, [x30, #96]
  stp x14, x15, [x30, #112]
  stp x16, x17, [x30, #128]
  stp x18, x19, [x30, #144]
  stp x20, x21, [x30, #160]
  stp x22, x23, [x30, #176]
  stp x24, x25, [x30, #192]
  stp x26, x27, [x30, #208]
  str x28, [x30, #224]
  mov x0, sp
  str x0, [x30, #SP]
  mrs x0, nzcv
  str x0, [x30, #NZCV]
  mrs x0, fpsr
  str x0, [x30, #FPSR]
  add x29, x30, #V
  st1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x29], #64
  st1 {v4.2d, v5.2d, v6.2d, v7.2d}, [x29], #64
  st1 {v8.2d, v9.2d, v10.2d, v11.2d}, [x29], #64
  st1 {v12.2d, v13.2d, v14.2d, v15.2d}, [x29], #64
  st1 {v16.2d, v17.2d, v18.2d, v19.2d}, [x29], #64
  st1 {v20.2d, v21.2d, v22.2d, v23.2d}, [x29], #64
  st1 {v24.2d, v25.2d, v26.2d, v27.2d}, [x29], #64
  st1 {v28.2d, v29.2d, v30.2d, v31.2d}, [x29], #64
.global diff_restore
diff_restore:
  msr fpcr, xzr
  adrp x1, diff_saved_sp
  add x1, x1, :lo12:diff_saved_sp
  ldr x2, [x1]
  mov sp, x2
  ldp d14, d15, [sp, #144]
  ldp d12, d13, [sp, #128]
  ldp d10, d11, [sp, #112]
  ldp d8, d9, [sp, #96]
  ldp x27, x28, [sp, #80]
  ldp x25, x26, [sp, #64]
  ldp x23, x24, [sp, #48]
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #160
  ret
