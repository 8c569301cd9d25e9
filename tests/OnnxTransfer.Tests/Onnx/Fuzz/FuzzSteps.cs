using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>What is done with a variant. Each step may succeed or throw an OnnxTransferException; nothing else.</summary>
internal sealed class FuzzSteps : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "temp", $"fuzz-{Guid.NewGuid():N}")).FullName;

    public FuzzSteps() => File.WriteAllBytes(Path.Combine(_folder, FuzzModels.DataFile), FuzzModels.Data);

    /// <summary>How many variants could be read, and how many steps on them were refused.</summary>
    public (int Read, int Refused, int Opened, int Run) Counts { get; private set; }

    /// <summary>Every function of the room Onnx, and what import makes out.</summary>
    public OnnxModel? Managed(byte[] bytes)
    {
        OnnxModel? model = null;
        Step(() => model = Read(bytes));
        if (model is null)
        {
            return null;
        }

        Counts = Counts with { Read = Counts.Read + 1 };
        Step(() => _ = (model.ToString(), model.Operators, model.Metadata, model.ParameterCount, model.ToBytes(), LinkedBytes.Of(model).Bytes));
        OnnxModel? free = null;
        Step(() => Made(free = BatchDimension.Free(model)));
        Step(() => ModelProfile.Of(model, TensorShapes.Infer(model, 2)));
        Step(() => Made(BatchNormFolding.Fold(model)));
        Step(() => Made(HalfPrecision.Convert(model)));
        Step(() => BackboneImport.Analyse(model, new ImportSettings { Size = (8, 8) }));
        var tensors = model.TensorNames.ToArray();
        Step(() => Made(TensorNames.Rename(model, tensors.Take(1).ToDictionary(t => t, _ => "renamed"))));
        foreach (var tensor in tensors.Take(2).Concat(tensors.TakeLast(2)).Distinct())
        {
            Step(() =>
            {
                var cut = Cut.At(free ?? model, [tensor]);
                var shape = TensorShapes.Infer(cut)[tensor]?.Dimensions.Skip(1).Select(d => (int)Math.Clamp(d, 0, int.MaxValue)).ToArray() ?? [8, 4, 4];
                var pooled = Pooling.Attach(cut, tensor, shape.Length == 3 ? TapPooling.Average : TapPooling.None, shape, "tap");
                Made(PixelInput.Prepend(Cut.At(pooled, ["tap"]), model.Inputs.Select(i => i.Name).FirstOrDefault("image"), 8, 8, [0, 0, 0], [1, 1, 1]));
            });
            Step(() => Pooling.Attach(model, tensor, TapPooling.GridOf(2), [4, 5, 5], "tap"));
        }

        return model;
    }

    /// <summary>The same, then the model is opened and run once, with one image of any numbers.</summary>
    public void Native(byte[] bytes)
    {
        if (Managed(bytes) is not { } model)
        {
            return;
        }

        Step(() =>
        {
            using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
            Counts = Counts with { Opened = Counts.Opened + 1 };
            session.Run(model.Inputs.ToDictionary(i => i.Name, Value));
            Counts = Counts with { Run = Counts.Run + 1 };
        });
        Step(() => OnnxSession.Open(HalfPrecision.Convert(BatchNormFolding.Fold(model)), new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 }).Dispose());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>What a function makes of a sound model must be sound: it is written and read again.</summary>
    private static void Made(OnnxModel model)
    {
        var bytes = model.ToBytes();
        try
        {
            OnnxModel.Parse(bytes, "a rewritten model");
        }
        catch (OnnxException e)
        {
            throw new InvalidOperationException($"a rewritten model cannot be read: {e.Message}", e);
        }
    }

    private static TensorValue Value(TensorInfo input)
    {
        long[] shape = [.. (input.Dimensions ?? [1]).Select(d => d < 0 ? 1 : d)];
        var count = shape.Aggregate(1L, (a, b) => a * b);
        if (count > 1 << 24)
        {
            throw new OnnxException($"{input}: too large to be fed here");
        }

        return input.ElementType switch
        {
            ElementType.UInt8 => TensorValue.OfBytes(new byte[count], shape),
            ElementType.Int64 => TensorValue.OfLongs(new long[count], shape),
            _ => TensorValue.Of(Graphs.Floats((int)count, 3), shape),
        };
    }

    private OnnxModel Read(byte[] bytes)
    {
        if (bytes.AsSpan().IndexOf("weights.data"u8) < 0)
        {
            return OnnxModel.Parse(bytes);
        }

        var path = Path.Combine(_folder, "net.onnx");
        File.WriteAllBytes(path, bytes);
        return OnnxModel.Load(path, bytes.Length % 2 == 0 ? 0 : ExternalData.ReadLimit);
    }

    private void Step(Action step)
    {
        try
        {
            step();
        }
        catch (OnnxTransferException e)
        {
            Counts = Counts with { Refused = Counts.Refused + 1 };
            Assert.True(e.Message.Length < 8192, $"a message of {e.Message.Length} characters: {e.Message[..Math.Min(200, e.Message.Length)]}");
        }
    }
}
