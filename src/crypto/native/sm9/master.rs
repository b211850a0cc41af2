//! What hangs on a key centre's public key alone: made at its first use, bounded in number, shared by threads.
use super::fp::{Field, Fp};
use super::fp2::Fp2;
use super::group::Group;
use super::hash::h1;
use super::lines::{Lines, Place};
use super::multiply::{Table, multiply};
use super::pairing::{Gt, pair};
use super::point::{Affine, G1, P1, P2, Point};
use super::scalar::Scalar;
use crate::crypto::native::declassify::declassify;
use crate::crypto::sm9::{PublicKey, Usage};
use crate::error::CryptoError;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Of Ppub-s, in G2.
pub(super) struct SignMaster {
    pub(super) lines: Lines,
    /// Multiples of g = e(P1, Ppub-s).
    pub(super) g: Table<Gt>,
}

impl SignMaster {
    fn new<F: Field>(field: F, public: &[u8]) -> Result<Self, CryptoError> {
        let lines = Lines::new(field, &Affine::<Fp2>::from_bytes(field, public)?);
        let g = pair(field, [(&Place::new(field, &P1.into()), &lines)]);
        Ok(Self { lines, g: Table::new(field, &g) })
    }

    /// e(S, h P2 + Ppub-s), h = H1 of the signer.
    pub(super) fn pair_with<F: Field>(&self, field: F, s: &G1, h: &Scalar) -> Gt {
        let hs = multiply(field, h, s);
        let places = [Place::new(field, s), Place::new(field, &hs)];
        pair(field, [(&places[0], &self.lines), (&places[1], base_lines(field))])
    }
}

/// Of Ppub-e, in G1.
pub(super) struct EncryptMaster {
    public: Affine<Fp>,
    multiples: Table<G1>,
    /// Multiples of g = e(Ppub-e, P2).
    pub(super) g: Table<Gt>,
}

impl EncryptMaster {
    fn new<F: Field>(field: F, public: &[u8]) -> Result<Self, CryptoError> {
        let public = Affine::<Fp>::from_bytes(field, public)?;
        let g = pair(field, [(&Place::new(field, &public.into()), base_lines(field))]);
        Ok(Self { public, multiples: Table::new(field, &public.into()), g: Table::new(field, &g) })
    }

    /// k (H1(identity || hid) P1 + Ppub-e), encoded, for 0 < k < N.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for the one identity in 2^255 for which the sum is infinity.
    pub(super) fn multiply_user<F: Field>(
        &self,
        field: F,
        k: &Scalar,
        identity: &[u8],
        usage: Usage,
    ) -> Result<[u8; 65], CryptoError> {
        let kh = Zeroizing::new(k.mul(&h1(identity, usage)));
        let of_base = base_table(field).multiply(field, &kh);
        // Projective coordinates could tell of k.
        let sum = Zeroizing::new(of_base.add(field, &self.multiples.multiply(field, k)));
        if declassify(sum.is_infinity_mask()) != 0 {
            return Err(CryptoError::BadKey);
        }
        Ok(declassify(sum.to_affine(field).to_bytes(field)))
    }

    /// H1(identity || hid) P1 + Ppub-e.
    fn user_point<F: Field>(&self, field: F, identity: &[u8], usage: Usage) -> G1 {
        base_table(field).multiply(field, &h1(identity, usage)).add(field, &self.public.into())
    }
}

/// Multiples of P1.
fn base_table<F: Field>(field: F) -> &'static Table<G1> {
    static TABLE: OnceLock<Table<G1>> = OnceLock::new();
    TABLE.get_or_init(|| Table::new(field, &Point::from(P1)))
}

/// The lines of P2.
fn base_lines<F: Field>(field: F) -> &'static Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    LINES.get_or_init(|| Lines::new(field, &P2))
}

/// How many master keys of each kind are kept, 0.1 MB each: they come from the caller's pool of key centres, never from
/// a peer (R-IBC-4).
const CAPACITY: usize = 16;

struct Entry<T> {
    public: Box<[u8]>,
    master: Arc<T>,
    last_used: AtomicU64,
}

struct Cache<T> {
    clock: AtomicU64,
    entries: RwLock<Vec<Entry<T>>>,
}

impl<T> Cache<T> {
    const fn new() -> Self {
        Self { clock: AtomicU64::new(0), entries: RwLock::new(Vec::new()) }
    }

    fn find(
        &self,
        public: &[u8],
        make: impl FnOnce() -> Result<T, CryptoError>,
    ) -> Result<Arc<T>, CryptoError> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let found = {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            entries.iter().find(|e| *e.public == *public).map(|entry| {
                entry.last_used.store(now, Ordering::Relaxed);
                entry.master.clone()
            })
        };
        if let Some(master) = found {
            return Ok(master);
        }
        // Two threads may both make it; that costs time once, and no lock is held meanwhile.
        let master = Arc::new(make()?);
        let entry = Entry { public: public.into(), master: master.clone(), last_used: AtomicU64::new(now) };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() < CAPACITY {
            entries.push(entry);
        } else if let Some(oldest) = entries.iter_mut().min_by_key(|e| e.last_used.load(Ordering::Relaxed)) {
            *oldest = entry;
        }
        Ok(master)
    }
}

/// The master key with this encoding, for signatures.
pub(super) fn sign<F: Field>(field: F, public: &[u8]) -> Result<Arc<SignMaster>, CryptoError> {
    static CACHE: Cache<SignMaster> = Cache::new();
    CACHE.find(public, || SignMaster::new(field, public))
}

/// The master key with this encoding, for encryption and key exchange.
pub(super) fn encrypt<F: Field>(field: F, public: &[u8]) -> Result<Arc<EncryptMaster>, CryptoError> {
    static CACHE: Cache<EncryptMaster> = Cache::new();
    CACHE.find(public, || EncryptMaster::new(field, public))
}

/// The lines of a user's key de for encryption or key exchange, if e(Q, de) = g: it is his.
///
/// # Errors
/// [`CryptoError::BadPoint`] for the master key, [`CryptoError::BadKey`] for the user's.
pub(super) fn user_lines<F: Field>(
    field: F,
    public: &PublicKey,
    key: &[u8],
) -> Result<(Arc<EncryptMaster>, Lines), CryptoError> {
    let master = encrypt(field, public.master())?;
    let key = Affine::<Fp2>::from_bytes(field, key).map_err(|_| CryptoError::BadKey)?;
    let lines = Lines::new(field, &Zeroizing::new(key));
    let place = Place::new(field, &master.user_point(field, public.identity(), public.usage()));
    let pairing = Zeroizing::new(pair(field, [(&place, &lines)]));
    match declassify(pairing.equals_mask(field, master.g.base())) {
        0 => Err(CryptoError::BadKey),
        _ => Ok((master, lines)),
    }
}
