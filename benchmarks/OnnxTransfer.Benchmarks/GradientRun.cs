using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// gradients FOLDER BATCH: the gradients of the network FOLDER/network.onnx by all its weights for the rows FOLDER/x.f32 and targets FOLDER/targets.f32,
/// and its weights after ten steps of each optimiser, as files of float32 in FOLDER. benchmarks/gradients.py holds them against PyTorch.
/// </summary>
internal static class GradientRun
{
    private const int Steps = 10;

    public static int Run(string folder, int batch)
    {
        var model = OnnxModel.Load(Path.Combine(folder, "network.onnx"));
        string[] names = [.. model.Graph.Initializer.Where(w => (ElementType)w.DataType == ElementType.Float && !w.Name.Contains("running_", StringComparison.Ordinal)).Select(w => w.Name)];
        float[] x = Read(Path.Combine(folder, "x.f32")), targets = Read(Path.Combine(folder, "targets.f32"));
        foreach (var (kind, optimizer, decay, rate) in new (string, Optimizer, double, double)[]
        {
            // The first step's velocity is the gradient.
            ("gradient", new Sgd { Nesterov = false }, 0, 0), ("nesterov", new Sgd(), 5e-4, 1e-3), ("adamw", new Adam(), 1e-2, 1e-4),
        })
        {
            var forward = ForwardGraph.Of(new(model, [.. names.Select(name => new Trainable(name, decay))]), new SoftmaxCrossEntropy());
            var graph = StepGraph.Build(forward.Model, forward.Loss, [.. names.Select(name => new Trainable(name, decay))], optimizer, batch, statistics: forward.Statistics);
            using var session = TrainingSession.Open(graph, new SessionSettings { Provider = ExecutionProvider.Cpu });
            x.CopyTo(session.Input<float>(forward.Input));
            targets.CopyTo(session.Input<float>(ForwardGraph.Targets));
            session.Input<float>(ForwardGraph.RowWeights).Fill(1f / batch);
            for (int i = 0; i < (kind == "gradient" ? 1 : Steps); i++)
            {
                session.Step(rate);
            }

            foreach (string name in names)
            {
                float[] values = new float[session.Length(name) / sizeof(float)];
                session.Read<float>(kind == "gradient" ? $"{name}_state0" : name, values);
                File.WriteAllBytes(Path.Combine(folder, $"{kind}.{name}.f32"), MemoryMarshal.AsBytes<float>(values));
            }
        }

        return 0;
    }

    private static float[] Read(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
}
