"""Images a second through our preprocessing layers, and through plain NumPy and SciPy code.

Both give the same values (checked here); the plain code is what a user would write, in float64
where NumPy chooses so and, beside it, in float32.

    python benchmarks/contrast.py
"""

from collections.abc import Callable

import numpy as np
from common import seconds
from scipy import ndimage
from sklearn.decomposition import PCA

COUNT, SIDE, SIZE = 2000, 32, 9


def plain_gcn(images: np.ndarray) -> np.ndarray:
    """Global contrast normalization."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return (flat / np.maximum(flat.std(axis=1, keepdims=True), 1e-8)).reshape(images.shape)


def plain_lcn(images: np.ndarray) -> np.ndarray:
    """Local contrast normalization with SciPy's Gaussian filter."""

    def blurred(values: np.ndarray) -> np.ndarray:
        sigma = (0, SIZE / 4, SIZE / 4, 0)
        radius = (0, SIZE // 2, SIZE // 2, 0)
        found = ndimage.gaussian_filter(values, sigma, mode="reflect", radius=radius)
        return found.mean(axis=-1, keepdims=True)

    centred = images - blurred(images)
    contrast = np.sqrt(blurred(centred**2))
    floor = contrast.mean(axis=(1, 2, 3), keepdims=True)
    return centred / np.maximum(np.maximum(contrast, floor), 1e-8)


def plain_zca(images: np.ndarray) -> np.ndarray:
    """ZCA whitening by NumPy's covariance and eigenvectors: fit and apply."""
    flat = images.reshape(len(images), -1)
    values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False))
    matrix = (vectors / np.sqrt(values + 0.1)) @ vectors.T
    return ((flat - flat.mean(axis=0)) @ matrix).reshape(images.shape)


def sklearn_zca(images: np.ndarray) -> np.ndarray:
    """ZCA whitening by scikit-learn's PCA, turned back: fit and apply."""
    flat = images.reshape(len(images), -1)
    pca = PCA().fit(flat)
    scaled = pca.transform(flat) / np.sqrt(pca.explained_variance_ + 0.1)
    return (scaled @ pca.components_).reshape(images.shape)


def compare(
    name: str,
    ours: Callable[[], np.ndarray],
    plain: Callable[[], np.ndarray],
    tolerance: float,
    repeats: int = 5,
) -> None:
    """Prints both rates, after a look that the values are the same."""
    result = ours()
    if not np.abs(result - plain()).max() < tolerance:
        raise SystemExit(f"{name}: the values differ")
    mine, theirs, count = seconds(ours, repeats), seconds(plain, repeats), len(result)
    rates = f"{count / mine:8.0f} images/s   plain {count / theirs:8.0f} images/s"
    print(f"{name:32} {rates}   ratio {theirs / mine:.2f}")


def main() -> None:
    """All of them, on the same images."""
    from components.layers.contrast import GlobalContrastNormalization, LocalContrastNormalization
    from components.layers.whitening import ZCAWhitening

    images = np.random.default_rng(0).random((COUNT, SIDE, SIDE, 3)).astype(np.float32)
    images = ndimage.gaussian_filter(images, (0, 1, 1, 0))

    def zca() -> np.ndarray:
        layer = ZCAWhitening(epsilon=0.1)
        layer.adapt(images[start : start + 1024] for start in range(0, len(images), 1024))
        return np.asarray(layer(images))

    contrast, local = GlobalContrastNormalization(), LocalContrastNormalization(size=SIZE)
    double = images.astype(np.float64)
    compare(
        "GCN, plain float32", lambda: np.asarray(contrast(images)), lambda: plain_gcn(images), 1e-3
    )
    compare(
        "GCN, plain float64", lambda: np.asarray(contrast(images)), lambda: plain_gcn(double), 1e-3
    )
    compare(
        "LCN, plain float32", lambda: np.asarray(local(images)), lambda: plain_lcn(images), 1e-3
    )
    compare(
        "LCN, plain float64", lambda: np.asarray(local(images)), lambda: plain_lcn(double), 1e-3
    )
    images = np.tile(images, (4, 1, 1, 1)) + np.random.default_rng(1).normal(
        0, 0.01, (4 * COUNT, SIDE, SIDE, 3)
    ).astype(np.float32)
    compare("ZCA fit and apply, NumPy", zca, lambda: plain_zca(images), 0.05, repeats=1)
    compare("ZCA fit and apply, scikit-learn", zca, lambda: sklearn_zca(images), 0.05, repeats=1)


if __name__ == "__main__":
    main()
