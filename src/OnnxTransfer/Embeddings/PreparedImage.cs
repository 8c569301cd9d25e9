using OnnxTransfer.Backbones;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// An image on its way to the backbone: decoded, resized, cropped, with the taps the cache lacks of it. Its pixels are
/// rented and returned after copying.
/// </summary>
internal readonly record struct PreparedImage(ImageIdentity Image, TapSet Missing, byte[] Pixels);
