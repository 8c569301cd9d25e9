using System.Buffers;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>Images that lack the same taps gather here until they fill a batch of the session that computes those.</summary>
internal sealed class EmbedLane(TapSession session, int pixelBytes) : IDisposable
{
    private readonly BatchBuffers _buffers = session.Session.CreateBuffers();
    private readonly ImageIdentity[] _images = new ImageIdentity[session.Session.BatchSize];

    public int Count { get; private set; }

    public bool IsFull => Count == _images.Length;

    /// <summary>Copies the pixels and gives them back to where they were rented.</summary>
    public void Add(PreparedImage image)
    {
        image.Pixels.AsSpan(0, pixelBytes).CopyTo(_buffers.Image(Count));
        ArrayPool<byte>.Shared.Return(image.Pixels);
        _images[Count++] = image.Image;
    }

    /// <summary>Runs what has gathered into <paramref name="batch"/> and is empty afterwards.</summary>
    public void Run(EmbeddedBatch batch)
    {
        session.Session.Run(_buffers, Count);
        batch.Take(_images.AsSpan(0, Count), session.Taps, _buffers);
        Count = 0;
    }

    public void Dispose() => _buffers.Dispose();
}
