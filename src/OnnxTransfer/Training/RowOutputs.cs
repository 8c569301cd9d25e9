using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// What a network gives for rows, in their order: its weights are constants here, which the runtime lays out for speed. The next rows
/// are read while it computes.
/// </summary>
internal sealed class RowOutputs
{
    /// <summary>Rows at once that any memory holds and that a processor computes about as fast as more.</summary>
    public const int Few = 32;

    private readonly ITrainingRows _rows;
    private readonly SessionSettings _session;
    private readonly int _batch;
    private readonly int _width;
    private readonly int[] _chosen;
    private readonly float[] _targets;
    private readonly float[] _weights;

    /// <summary>Prepares for rows.</summary>
    /// <param name="rows">At least one.</param>
    /// <param name="width">Targets a row.</param>
    /// <param name="batch">The most rows in memory at once.</param>
    /// <param name="settings">Where it runs.</param>
    public RowOutputs(ITrainingRows rows, int width, int batch, TrainingSettings settings)
    {
        (_rows, _width, _batch) = (rows, width, Math.Min(batch, rows.Count));
        _session = settings.Session with { BatchSize = _batch };
        _chosen = new int[_batch];
        _targets = new float[_batch * width];
        _weights = new float[_batch];
    }

    /// <summary>Takes some rows: outputs [n, k], targets [n, width] and weights [n].</summary>
    public delegate void Taker(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights);

    /// <summary>Runs all rows, some at once.</summary>
    public void Visit(OnnxModel network, Taker take, CancellationToken cancellation)
    {
        using var session = OnnxSession.Open(network, _session);
        using var buffers = session.CreateBuffers();
        for (int first = 0; first < _rows.Count; first += _batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Choose(first);
            var input = buffers.Bytes.IsEmpty ? MemoryMarshal.AsBytes(buffers.Floats) : buffers.Bytes;
            _rows.Fill(0, _chosen.AsSpan(0, count), input[..(input.Length / _batch * count)], _targets.AsSpan(0, count * _width), _weights.AsSpan(0, count));
            if (first + count < _rows.Count)
            {
                _rows.Prepare(0, _chosen.AsSpan(0, Choose(first + count)));
            }

            session.Run(buffers, count);
            take(buffers.Output(0), _targets.AsSpan(0, count * _width), _weights.AsSpan(0, count));
        }
    }

    /// <summary>All outputs, N x k.</summary>
    public Matrix All(OnnxModel network, CancellationToken cancellation)
    {
        var outputs = new List<float>();
        Visit(network, (some, _, _) => outputs.AddRange(some), cancellation);
        return new(_rows.Count, outputs.Count / _rows.Count, [.. outputs]);
    }

    private int Choose(int first)
    {
        int count = Math.Min(_batch, _rows.Count - first);
        for (int i = 0; i < count; i++)
        {
            _chosen[i] = first + i;
        }

        return count;
    }
}
