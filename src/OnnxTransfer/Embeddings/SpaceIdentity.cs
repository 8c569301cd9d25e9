using System.Security.Cryptography;
using System.Text.Json;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Everything but the image that an embedding depends on. Two embeddings are comparable, and one may stand for the
/// other, exactly when these are equal: a cache keeps one space for each.
/// </summary>
public sealed record SpaceIdentity
{
    /// <summary>The backbone's name, for people.</summary>
    public required string Backbone { get; init; }

    /// <summary>SHA-256 of the backbone's .onnx file, hexadecimal.</summary>
    public required string BackboneSha256 { get; init; }

    /// <summary>The tap's name and how it is pooled, for people.</summary>
    public required string Tap { get; init; }

    /// <summary>All that decides the vector of given pixels: weights, tensor, pooling, normalisation, precision.</summary>
    public required string Computation { get; init; }

    /// <summary>From decoded pixels to the graph's: resize, crop, interpolation; which augmented view, where it is one.</summary>
    public required string Preprocessing { get; init; }

    /// <summary>Which library turned bytes into pixels, with its version; "raw" for pixels stored as they are.</summary>
    public required string Decoder { get; init; }

    /// <summary>Arithmetic of the backbone: fp32, fp16, tf32.</summary>
    public required string Precision { get; init; }

    /// <summary>D, values per embedding.</summary>
    public required int Width { get; init; }

    /// <summary>32 hexadecimal digits that name the space's folder: the front of the SHA-256 of all of the above but what is for people.</summary>
    public string Id() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new[] { BackboneSha256, Computation, Preprocessing, Decoder, Precision, $"{Width}" })).AsSpan(0, 16));
}
