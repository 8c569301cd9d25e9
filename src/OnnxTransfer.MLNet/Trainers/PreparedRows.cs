using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Rows as an ML.NET trainer reads them: standardised where that was asked for, and no longer once the fit is cancelled,
/// for ML.NET's trainers cannot be. A span is valid until the same thread reads the next row; cursors copy it at once.
/// </summary>
internal sealed class PreparedRows(IRows rows, Standardisation? standardisation, CancellationToken cancellation) : IRows
{
    [ThreadStatic]
    private static float[]? _buffer;

    public int Count => rows.Count;

    public int Width => rows.Width;

    public ReadOnlySpan<float> this[int index]
    {
        get
        {
            cancellation.ThrowIfCancellationRequested();
            if (standardisation is null)
            {
                return rows[index];
            }

            var row = rows[index];
            if (_buffer is null || _buffer.Length < Width)
            {
                _buffer = new float[Width];
            }

            var buffer = _buffer.AsSpan(0, Width);
            for (int j = 0; j < buffer.Length; j++)
            {
                buffer[j] = (float)((row[j] - standardisation.Mean[j]) * standardisation.Scale[j]);
            }

            return buffer;
        }
    }
}
