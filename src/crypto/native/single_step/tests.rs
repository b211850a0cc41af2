//! It sees what it is to see.
use super::operands::Operands;
use super::{Secrets, compare};
use core::hint::black_box;

const SEEDS: [u64; 3] = [1, 2, 3];

fn finds(run: impl Fn([u8; 64])) -> bool {
    compare(&SEEDS, |secrets| secrets.bytes::<64>(), run).is_err()
}

#[test]
fn sees_a_branch_on_a_secret() {
    assert!(finds(|secret| {
        if black_box(secret)[0] > 0x80 {
            black_box(&secret);
        }
        for _ in 0..secret[1] & 7 {
            black_box(&secret);
        }
    }));
}

#[test]
fn sees_a_secret_index() {
    let table: [u8; 256] = core::array::from_fn(|i| i as u8);
    assert!(finds(|secret| {
        black_box(black_box(&table)[usize::from(secret[0])]);
    }));
}

#[test]
fn sees_a_secret_that_is_divided() {
    assert!(finds(|secret| {
        let [a, b] = [&secret[..], &secret[8..]].map(|s| u64::from_le_bytes(*s.first_chunk().unwrap()));
        black_box(black_box(a) / black_box(b | 1));
    }));
}

/// Through each kind of vector load, at the same place.
#[test]
fn sees_where_vectors_are_loaded_from() {
    use core::arch::asm;
    let table = [0u8; 512];
    type Load = unsafe fn(*const u8, usize);
    // SAFETY: within the table.
    let sse: Load = |table, at| unsafe {
        asm!("movdqu xmm0, [{t} + {at}]", t = in(reg) table, at = in(reg) at, out("xmm0") _);
    };
    // SAFETY: within the table.
    let avx: Load = |table, at| unsafe {
        asm!("vpaddd ymm0, ymm1, [{t} + {at} + 64]", t = in(reg) table, at = in(reg) at, out("ymm0") _);
    };
    // SAFETY: within the table.
    let avx512: Load = |table, at| unsafe {
        asm!("vmovdqu64 zmm0, [{t} + {at}]", t = in(reg) table, at = in(reg) at, out("zmm0") _);
    };
    // SAFETY: within the table.
    let gather: Load = |table, at| unsafe {
        asm!(
            "vmovd xmm4, {at:e}", "vpbroadcastd ymm4, xmm4", "kxnorw k1, k1, k1",
            "vpgatherdq zmm0{{k1}}, [{t} + ymm4]",
            t = in(reg) table, at = in(reg) at, out("zmm0") _, out("zmm4") _, out("k1") _,
        );
    };
    let loads = [
        (std::is_x86_feature_detected!("avx512f"), gather),
        (true, sse),
        (std::is_x86_feature_detected!("avx2"), avx),
        (std::is_x86_feature_detected!("avx512f"), avx512),
    ];
    for load in loads.iter().filter_map(|(has, load)| has.then_some(load)) {
        // SAFETY: 255 + 64 + 64 bytes are there, and the processor has the instruction.
        assert!(finds(|secret| unsafe { load(table.as_ptr(), secret[0].into()) }));
        // SAFETY: as above.
        assert!(!finds(|secret| unsafe { load(table.as_ptr(), black_box(secret).len()) }));
    }
}

/// What stands in the other registers is nothing to a gather.
#[test]
fn sees_no_more_of_a_gather_than_its_indices() {
    use core::arch::asm;
    let table = [0u8; 64];
    // SAFETY: without an offset, eight bytes of the table; and all of the secret.
    let gather = |secret: [u8; 64]| unsafe {
        asm!(
            ".irp n,0,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "vmovdqu64 zmm\\n, [{secret}]",
            ".endr",
            "vpxord zmm4, zmm4, zmm4",
            "kxnorw k1, k1, k1",
            "vpgatherdq zmm0{{k1}}, [{table} + ymm4]",
            secret = in(reg) secret.as_ptr(), table = in(reg) table.as_ptr(), clobber_abi("sysv64"),
        );
    };
    if std::is_x86_feature_detected!("avx512f") {
        assert!(!finds(gather));
    }
}

#[test]
fn sees_nothing_where_secrets_are_only_calculated_with() {
    let same = |secret: [u8; 64]| {
        let sum = secret.iter().fold(0u8, |sum, byte| sum.wrapping_mul(3) ^ byte);
        black_box(sum);
    };
    assert!(compare(&SEEDS, |secrets| secrets.bytes::<64>(), same).is_ok_and(|steps| steps > 64));
}

fn read(code: &[u8]) -> Operands {
    Operands::read(|i| code.get(usize::try_from(i).unwrap()).copied().unwrap_or_default())
}

/// As GNU as 2.40 encodes them.
#[test]
fn reads_the_registers_of_an_address() {
    let memory = |base, index| Operands { base, index, ..Operands::default() };
    for (code, text, expected) in [
        (&[0x8b, 0x04, 0x8b][..], "mov eax, [rbx+rcx*4]", memory(Some(3), Some((1, 2)))),
        (&[0x4f, 0x8b, 0x44, 0xfd, 0x08], "mov r8, [r13+r15*8+8]", memory(Some(13), Some((15, 3)))),
        (&[0x48, 0x8b, 0x05, 1, 0, 0, 0], "mov rax, [rip+1]", memory(None, None)),
        (&[0x8b, 0x04, 0xcd, 0, 0, 0, 0], "mov eax, [rcx*8]", memory(None, Some((1, 3)))),
        (&[0x41, 0x8b, 0x04, 0x24], "mov eax, [r12]", memory(Some(12), None)),
        (&[0x48, 0x8d, 0x04, 0x8b], "lea rax, [rbx+rcx*4]", memory(None, None)),
        (&[0x0f, 0x1f, 0x44, 0, 0], "nop [rax+rax]", memory(None, None)),
        (&[0x66, 0x0f, 0x6f, 0x06], "movdqa xmm0, [rsi]", memory(Some(6), None)),
        (&[0x66, 0x0f, 0x38, 0, 0x07], "pshufb xmm0, [rdi]", memory(Some(7), None)),
        (&[0xc5, 0xfd, 0xef, 0x04, 0x0a], "vpxor ymm0, ymm0, [rdx+rcx]", memory(Some(2), Some((1, 0)))),
        (&[0xc4, 0xc2, 0xfb, 0xf6, 0x07], "mulx rax, rax, [r15]", memory(Some(15), None)),
        (&[0x62, 0xd1, 0x7c, 0x48, 0x10, 0x46, 1], "vmovups zmm0, [r14+64]", memory(Some(14), None)),
        (&[0x62, 0xf1, 0x7c, 0x48, 0x28, 0xc1], "vmovaps zmm0, zmm1", memory(None, None)),
        (&[0x0f, 0x84, 0, 0, 0, 0], "je", memory(None, None)),
        (&[0xc3], "ret", memory(None, None)),
    ] {
        assert_eq!(read(code), expected, "{text}");
    }
    assert_eq!(read(&[0xf3, 0xa4]).also, [Some(6), Some(7)], "rep movsb");
    assert_eq!(read(&[0x48, 0xf7, 0xf1]).also, [Some(0), Some(2)], "div rcx");
    assert_eq!(read(&[0x48, 0xf7, 0xe1]).also, [None; 2], "mul rcx");
    assert_eq!(read(&[0x62, 0xf2, 0x7d, 0x49, 0x90, 0x04, 0x08]).vector, Some(1), "vpgatherdd");
    assert_eq!(Secrets::new(5).draws().bytes::<8>(), Secrets::new(5).draws().bytes::<8>());
}
