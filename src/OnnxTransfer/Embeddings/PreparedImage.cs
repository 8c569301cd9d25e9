namespace OnnxTransfer.Embeddings;

/// <summary>An image on its way to the backbone: decoded, resized, cropped. Its pixels are rented and returned after copying.</summary>
internal readonly record struct PreparedImage(ImageIdentity Image, byte[] Pixels);

/// <summary>A batch's embeddings on their way to the disk. The arrays are used again and again.</summary>
internal sealed class EmbeddedBatch(int size, IReadOnlyList<int> widths)
{
    public int Count { get; set; }

    public ImageIdentity[] Images { get; } = new ImageIdentity[size];

    /// <summary>For each tap, size x width values.</summary>
    public float[][] Values { get; } = [.. widths.Select(width => new float[size * width])];
}
