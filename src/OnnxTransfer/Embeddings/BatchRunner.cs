using System.Buffers;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>Runs one batch at a time, on buffers of its own for each session.</summary>
/// <param name="backbone">What it runs.</param>
/// <param name="device">On which of its devices.</param>
/// <param name="largest">Images of the largest batch.</param>
internal sealed class BatchRunner(Backbone backbone, int device, int largest) : IDisposable
{
    private readonly int _pixelBytes = backbone.Preprocessing.ByteCount;
    private readonly Dictionary<TapSession, BatchBuffers> _buffers = [];
    private readonly ImageIdentity[] _images = new ImageIdentity[largest];

    /// <summary>Why a GPU copies from ordinary memory, which is slow; null where it does not.</summary>
    public string? MemoryNote { get; private set; }

    /// <summary>Copies the pixels, gives them back to where they were rented, and puts at least the taps <paramref name="taps"/> into <paramref name="embedded"/>.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Run(TapSet taps, List<PreparedImage> batch, EmbeddedBatch embedded)
    {
        var session = backbone.SessionFor(taps, device);
        if (!_buffers.TryGetValue(session, out var buffers))
        {
            _buffers[session] = buffers = session.Session.CreateBuffers(largest);
            MemoryNote ??= buffers.MemoryNote;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Pixels.AsSpan(0, _pixelBytes).CopyTo(buffers.Image(i));
            ArrayPool<byte>.Shared.Return(batch[i].Pixels);
            _images[i] = batch[i].Image;
        }

        session.Session.Run(buffers, batch.Count);
        embedded.Take(_images.AsSpan(0, batch.Count), session.Taps, buffers);
    }

    public void Dispose()
    {
        foreach (var buffers in _buffers.Values)
        {
            buffers.Dispose();
        }
    }
}
