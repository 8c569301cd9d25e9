using Microsoft.ML.Data;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>Embeddings of a window of rows, and why there is none where an image failed.</summary>
/// <param name="Rows">The embeddings there are.</param>
/// <param name="Index">For each row of the window, where its embedding stands in <paramref name="Rows"/>; -1 where its image failed.</param>
/// <param name="Reasons">Why an image failed, by row of the window; it is thrown when the row's embedding is asked for.</param>
/// <param name="FailedAsNaN">Whether a failed image gives a row of NaN instead.</param>
internal sealed record EmbeddedRows(IRows Rows, int[] Index, IReadOnlyDictionary<int, string> Reasons, bool FailedAsNaN)
{
    public static EmbeddedRows None { get; } = new(new Matrix(0, 1), [], new Dictionary<int, string>(), FailedAsNaN: false);

    /// <summary>Copies the embedding of a row of the window.</summary>
    /// <exception cref="OnnxTransferException">Its image failed.</exception>
    public void Get(int row, ref VBuffer<float> value)
    {
        if (Index[row] < 0 && !FailedAsNaN)
        {
            throw FailedImage(Reasons[row]);
        }

        var editor = VBufferEditor.Create(ref value, Rows.Width);
        if (Index[row] < 0)
        {
            editor.Values.Fill(float.NaN);
        }
        else
        {
            Rows[Index[row]].CopyTo(editor.Values);
        }

        value = editor.Commit();
    }

    /// <summary>What is thrown for an image that cannot be embedded.</summary>
    public static OnnxTransferException FailedImage(string reason, Exception? cause = null) => new(
        $"EmbedImages: {reason}; mend or leave out the image, "
        + $"or set {nameof(EmbedImagesSettings)}.{nameof(EmbedImagesSettings.FailedAsNaN)}, which makes it a row of NaN", cause);
}
