using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>
/// The mean loss of rows by a network that predicts: its weights are constants there, which the runtime lays out for speed, and
/// losses are summed in float64.
/// </summary>
internal sealed class ValidationRun
{
    private readonly ITrainingRows _rows;
    private readonly GraphLoss _loss;
    private readonly SessionSettings _session;
    private readonly int _batch;
    private readonly int _width;
    private readonly int[] _chosen;
    private readonly float[] _targets;
    private readonly float[] _weights;

    /// <summary>Prepares for rows, without label smoothing.</summary>
    /// <param name="rows">At least one.</param>
    /// <param name="loss">What is made small.</param>
    /// <param name="width">k targets a row.</param>
    /// <param name="batch">The most rows in memory at once.</param>
    /// <param name="settings">Where it runs.</param>
    public ValidationRun(ITrainingRows rows, GraphLoss loss, int width, int batch, TrainingSettings settings)
    {
        (_rows, _loss, _width, _batch) = (rows, loss.Smoothed(0), width, Math.Min(batch, rows.Count));
        _session = settings.Session with { BatchSize = _batch };
        _chosen = new int[_batch];
        _targets = new float[_batch * width];
        _weights = new float[_batch];
    }

    /// <summary>The weighted mean loss of all rows.</summary>
    public double Loss(OnnxModel network, CancellationToken cancellation)
    {
        using var session = OnnxSession.Open(network, _session);
        using var buffers = session.CreateBuffers();
        double sum = 0, total = 0;
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
            var outputs = buffers.Output(0);
            for (int i = 0; i < count; i++)
            {
                sum += _weights[i] * _loss.Of(outputs.Slice(i * _width, _width), _targets.AsSpan(i * _width, _width));
                total += _weights[i];
            }
        }

        return sum / total;
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
