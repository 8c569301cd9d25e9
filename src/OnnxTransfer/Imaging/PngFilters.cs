using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Undoes the row filters of PNG (specification, section 9) for pixels of one to four bytes, all channels of a pixel at once:
/// each pixel needs the one before, so there is no more to do side by side.
/// </summary>
internal static unsafe class PngFilters
{
    /// <summary>Loads may read, never write, this far beyond the rows.</summary>
    public const int Slack = 3;

    /// <summary>Turns a filtered row into samples, in place; false where <paramref name="filter"/> is none of the five.</summary>
    /// <param name="filter">The row's first byte: 0 to 4.</param>
    /// <param name="row">The bytes behind it.</param>
    /// <param name="above">The samples of the row above; zeros above the first.</param>
    /// <param name="length">Bytes of a row, a multiple of <paramref name="step"/>.</param>
    /// <param name="step">Bytes of a pixel, 1 to 4.</param>
    public static bool Undo(byte filter, byte* row, byte* above, int length, int step)
    {
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                Sub(row, length, step);
                return true;
            case 2:
                Up(row, above, length);
                return true;
            case 3:
                Average(row, above, length, step);
                return true;
            case 4:
                Paeth(row, above, length, step);
                return true;
            default:
                return false;
        }
    }

    private static void Sub(byte* row, int length, int step)
    {
        var left = Vector128<short>.Zero;
        for (int i = 0; i < length; i += step)
        {
            left = Store(row + i, step, Load(row + i) + left);
        }
    }

    private static void Up(byte* row, byte* above, int length)
    {
        int i = 0;
        for (; i <= length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Store(Vector.Load(row + i) + Vector.Load(above + i), row + i);
        }

        for (; i < length; i++)
        {
            row[i] += above[i];
        }
    }

    private static void Average(byte* row, byte* above, int length, int step)
    {
        var left = Vector128<short>.Zero;
        for (int i = 0; i < length; i += step)
        {
            left = Store(row + i, step, Load(row + i) + ((left + Load(above + i)) >> 1));
        }
    }

    // Of left, above and corner the one nearest to left + above - corner, in this order where two are as near.
    private static void Paeth(byte* row, byte* above, int length, int step)
    {
        Vector128<short> left = default, corner = default;
        for (int i = 0; i < length; i += step)
        {
            var up = Load(above + i);
            var toLeft = Vector128.Abs(up - corner);
            var toUp = Vector128.Abs(left - corner);
            var toCorner = Vector128.Abs(left + up - corner - corner);
            var nearest = Vector128.ConditionalSelect(
                Vector128.LessThanOrEqual(toLeft, Vector128.Min(toUp, toCorner)),
                left,
                Vector128.ConditionalSelect(Vector128.LessThanOrEqual(toUp, toCorner), up, corner));
            left = Store(row + i, step, Load(row + i) + nearest);
            corner = up;
        }
    }

    private static Vector128<short> Load(byte* pixel) =>
        Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(pixel)).AsByte()).AsInt16();

    // Writes the low bytes of a pixel and returns them; the bytes behind are those of a pixel still filtered.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Store(byte* pixel, int step, Vector128<short> value)
    {
        value &= Vector128.Create((short)255);
        uint bytes = Vector128.Narrow(value, value).AsUInt32().ToScalar();
        switch (step)
        {
            case 4:
                Unsafe.WriteUnaligned(pixel, bytes);
                break;
            case 3:
                Unsafe.WriteUnaligned(pixel, (ushort)bytes);
                pixel[2] = (byte)(bytes >> 16);
                break;
            case 2:
                Unsafe.WriteUnaligned(pixel, (ushort)bytes);
                break;
            default:
                *pixel = (byte)bytes;
                break;
        }

        return value;
    }
}
